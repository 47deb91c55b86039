#pragma once

// What every backend must do for people: lists, changes, notes, events, history.

#include "backend_conformance.hpp"

namespace infra::queue::tests {

class QueueOperations : public QueueBackend {
protected:
    ids listed(list_request request) {
        ids all;
        do {
            auto page = loop.await(stored->list(request));
            EXPECT_LE(page.jobs.size(), request.max);
            for (const auto& each : page.jobs)
                all.push_back(each.id);
            request.cursor = page.next;
        } while (!request.cursor.empty());
        return all;
    }
    ids listed(job_filter filter) { return listed(list_request{.filter = std::move(filter)}); }

    std::size_t change(job_change what, const job_id& id, wall_time now = t0) {
        return loop.await(stored->change({.what = what, .jobs = {{"mail", id}}, .now = now})).changed;
    }

    std::size_t change_all(job_change what, job_filter filter, std::size_t max = 1000) {
        change_request request{.what = what, .filter = std::move(filter), .max = max, .now = t0};
        std::size_t changed = 0;
        do {
            const auto result = loop.await(stored->change(request));
            changed += result.changed;
            request.cursor = result.next;
        } while (!request.cursor.empty());
        return changed;
    }

    /// One job in each state, named after it.
    void add_one_in_each_state() {
        live_and_end("completed", outcome::kind::completed, {}, t0);
        live_and_end("failed", outcome::kind::failed, {}, t0);
        add({make_job("active")});
        active = claim(1).jobs.at(0).held;
        add({make_job("waiting"), make_delayed("delayed", t0 + 1h)});
    }

    events_page events(std::string cursor, wall_time now = t0, std::string queue = "mail") {
        return loop.await(stored->events({.queue = std::move(queue), .cursor = std::move(cursor), .now = now}));
    }

    static std::vector<std::string> lines(const events_page& page) {
        std::vector<std::string> all;
        for (const auto& each : page.events)
            all.push_back(std::string(to_string(each.what)) + (each.id.empty() ? "" : " " + each.id) +
                          (each.data.empty() ? "" : ": " + each.data));
        return all;
    }

    lease active;
};

using strings = std::vector<std::string>;

// --- lists --------------------------------------------------------------------------------------------------------

TEST_P(QueueOperations, ListsInTheOrderInWhichJobsWereAdded) {
    add({make_job("a", {.priority = 5}), make_job("b"), make_job("c", {.lifo = true})});
    EXPECT_EQ(listed({.queue = "mail"}), (ids{"a", "b", "c"}));
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .newest_first = true}), (ids{"c", "b", "a"}));
}

TEST_P(QueueOperations, ListsPageByPage) {
    std::vector<new_job> many;
    ids all;
    for (int i = 0; i < 25; ++i) {
        all.push_back("j" + std::to_string(i));
        many.push_back(make_job(all.back()));
    }
    add(std::move(many));
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .max = 10}), all);
    std::ranges::reverse(all);
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .max = 10, .newest_first = true}), all);
    EXPECT_EQ(listed(list_request{.filter = {.queue = "mail"}, .max = 25, .newest_first = true}), all);
}

TEST_P(QueueOperations, ListsByState) {
    add_one_in_each_state();
    for (const auto state :
         {job_state::waiting, job_state::delayed, job_state::active, job_state::completed, job_state::failed})
        EXPECT_EQ(listed({.queue = "mail", .states = {state}}), ids{job_id(to_string(state))});
    EXPECT_EQ(listed({.queue = "mail", .states = {job_state::failed, job_state::active}}), (ids{"failed", "active"}));
}

TEST_P(QueueOperations, ListsWhatFitsEverythingSaid) {
    add({make_job("other", {}, "images")});
    auto named = make_job("named");
    named.name = "farewell";
    auto holding = make_job("holding");
    holding.data = R"({"to":"a_b@example.org"})";
    auto later = make_job("later");
    later.created_at = t0 + 1h;
    add({named, holding, later});
    EXPECT_EQ(listed(job_filter{}), (ids{"other", "named", "holding", "later"}));
    EXPECT_EQ(listed({.queue = "mail", .name = "farewell"}), ids{"named"});
    EXPECT_EQ(listed({.queue = "mail", .data_contains = "a_b@example"}), ids{"holding"});
    EXPECT_EQ(listed({.queue = "mail", .data_contains = "A_B@"}), ids{});
    EXPECT_EQ(listed({.queue = "mail", .data_contains = "a%b"}), ids{});
    EXPECT_EQ(listed({.queue = "mail", .created_before = t0 + 1h}), (ids{"named", "holding"}));
    EXPECT_EQ(listed({.queue = "mail", .name = "welcome", .created_before = t0 + 1h}), ids{"holding"});
}

TEST_P(QueueOperations, ListsFinishedJobsByReasonAndTime) {
    live_and_end("a", outcome::kind::failed, {}, t0);
    live_and_end("b", outcome::kind::failed, {}, t0 + 10s);
    live_and_end("c", outcome::kind::completed, {}, t0);
    add({make_job("waiting")});
    EXPECT_EQ(listed({.queue = "mail", .reason_contains = "ba"}), (ids{"a", "b"}));
    EXPECT_EQ(listed({.queue = "mail", .finished_before = t0 + 10s}), (ids{"a", "c"}));
    EXPECT_EQ(listed({.queue = "mail", .reason_contains = "no such"}), ids{});
}

TEST_P(QueueOperations, ListsNothingOfAQueueItDoesNotKnowOrByACursorItDidNotGive) {
    add({make_job("a")});
    EXPECT_EQ(listed({.queue = "unheard of"}), ids{});
    for (const auto* cursor : {"x", "-1", "99999999999999999999999", " "})
        loop.await(stored->list({.filter = {.queue = "mail"}, .cursor = cursor}));
}

// --- changes ------------------------------------------------------------------------------------------------------

TEST_P(QueueOperations, RetriesAFailedJobAsIfItWereNew) {
    auto job = make_job("a", {.attempts = 2});
    job.expires_at = t0 + 1min;
    add({job});
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::retry, .reason = "one", .at = t0});
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::failed, .reason = "two", .at = t0, .keep = {}});
    EXPECT_EQ(change(job_change::retry, "a", t0 + 2min), 1u);
    EXPECT_EQ(info("a")->state, job_state::waiting);
    EXPECT_EQ(info("a")->attempts_made, 0);
    EXPECT_EQ(info("a")->finished_at, std::nullopt);
    EXPECT_EQ(info("a")->errors.size(), 2u);
    const auto again = claim(1, t0 + 2min);
    ASSERT_EQ(ids_of(again), ids{"a"});
    EXPECT_EQ(again.jobs[0].attempts_made, 0);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1}));
}

TEST_P(QueueOperations, RetriesACompletedJob) {
    live_and_end("a", outcome::kind::completed, {}, t0);
    EXPECT_EQ(change(job_change::retry, "a"), 1u);
    EXPECT_EQ(info("a")->result, "");
    EXPECT_EQ(ids_of(claim()), ids{"a"});
}

TEST_P(QueueOperations, PromotesADelayedJob) {
    add({make_delayed("a", t0 + 1h)});
    EXPECT_EQ(change(job_change::promote, "a"), 1u);
    EXPECT_EQ(info("a")->run_at, std::nullopt);
    EXPECT_EQ(ids_of(claim()), ids{"a"});
}

TEST_P(QueueOperations, CancelsWhatDoesNotRunYet) {
    add({make_job("a"), make_delayed("b", t0 + 1h)});
    EXPECT_EQ(change(job_change::cancel, "a"), 1u);
    EXPECT_EQ(change(job_change::cancel, "b"), 1u);
    EXPECT_EQ(info("a")->state, job_state::failed);
    EXPECT_EQ(info("a")->failed_reason, cancelled_reason);
    EXPECT_EQ(info("a")->finished_at, t0);
    EXPECT_EQ(info("b")->run_at, std::nullopt);
    EXPECT_EQ(ids_of(claim(10, t0 + 2h)), ids{});
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 2}));
}

TEST_P(QueueOperations, AsksForTheEndOfWhatRuns) {
    add({make_job("a", {.attempts = 5})});
    const auto held = claim().jobs.at(0).held;
    EXPECT_EQ(change(job_change::cancel, "a"), 1u);
    EXPECT_EQ(change(job_change::cancel, "a"), 0u);
    EXPECT_TRUE(info("a")->cancel_requested);
    EXPECT_EQ(loop.await(stored->extend({held}, t0 + 1min)).at(0), renewal::cancel_requested);
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .reason = "interrupted", .at = t0}));
    EXPECT_EQ(info("a")->state, job_state::failed);
    EXPECT_EQ(info("a")->failed_reason, cancelled_reason);
    EXPECT_FALSE(info("a")->cancel_requested);
    EXPECT_EQ(ids_of(claim(1, t0 + 1h)), ids{});
}

TEST_P(QueueOperations, LetsAJobThatWasToBeCancelledCompleteIfItDoes) {
    add({make_job("a")});
    const auto held = claim().jobs.at(0).held;
    change(job_change::cancel, "a");
    EXPECT_TRUE(finish({.held = held, .at = t0, .keep = {}}));
    EXPECT_EQ(info("a")->state, job_state::completed);
}

TEST_P(QueueOperations, DoesNotGiveACancelledJobToAnotherWorker) {
    add({make_job("returned"), make_job("vanished")});
    const auto taken = claim();
    change(job_change::cancel, "returned");
    change(job_change::cancel, "vanished");
    finish({.held = taken.jobs.at(0).held, .as = outcome::kind::returned, .at = t0});
    EXPECT_EQ(ids_of(claim(10, t0 + 10s)), ids{});
    for (const auto* id : {"returned", "vanished"})
        EXPECT_EQ(info(id)->failed_reason, cancelled_reason) << id;
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 2}));
}

TEST_P(QueueOperations, KeepsOfCancelledJobsWhatTheirOptionsSay) {
    add({make_job("a", {.keep_failed = {.count = 0}})});
    EXPECT_EQ(change(job_change::cancel, "a"), 1u);
    EXPECT_FALSE(info("a"));
}

TEST_P(QueueOperations, RemovesAllButWhatRuns) {
    add_one_in_each_state();
    EXPECT_EQ(change_all(job_change::remove, {.queue = "mail"}), 4u);
    EXPECT_EQ(listed({.queue = "mail"}), ids{"active"});
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1}));
}

TEST_P(QueueOperations, LeavesAloneWhatIsInNoStateForTheChange) {
    add_one_in_each_state();
    for (const auto* id : {"waiting", "delayed", "active", "unheard of"})
        EXPECT_EQ(change(job_change::retry, id), 0u) << id;
    for (const auto* id : {"waiting", "active", "completed", "failed"})
        EXPECT_EQ(change(job_change::promote, id), 0u) << id;
    for (const auto* id : {"completed", "failed"})
        EXPECT_EQ(change(job_change::cancel, id), 0u) << id;
    EXPECT_EQ(change(job_change::remove, "active"), 0u);
}

TEST_P(QueueOperations, ChangesAllThatFitBitByBit) {
    for (int i = 0; i < 7; ++i)
        live_and_end("f" + std::to_string(i), outcome::kind::failed, {}, t0);
    live_and_end("c", outcome::kind::completed, {}, t0);
    EXPECT_EQ(change_all(job_change::retry, {.queue = "mail", .states = {job_state::failed}}, 3), 7u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 7, .completed = 1}));
}

TEST_P(QueueOperations, WakesAClaimThatWaitsForWhatIsRetriedOrPromoted) {
    live_and_end("a", outcome::kind::failed, {}, t0);
    const auto claiming = wait_to_claim(waiting_claim());
    change(job_change::retry, "a");
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"a"});
}

TEST_P(QueueOperations, ForgetsAQueueWithoutJobs) {
    loop.await(stored->configure({.queue = "mail", .paused = true}));
    add({make_job("a")});
    EXPECT_FALSE(loop.await(stored->forget_queue("mail")));
    change(job_change::remove, "a");
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    EXPECT_EQ(loop.await(stored->settings("mail")), (queue_settings{.queue = "mail"}));
    EXPECT_TRUE(loop.await(stored->counts({})).empty());
}

// --- what handlers tell -------------------------------------------------------------------------------------------

TEST_P(QueueOperations, KeepsProgressAndLogLines) {
    add({make_job("a")});
    const auto held = claim().jobs.at(0).held;
    const auto told = loop.await(stored->tell({{.held = held, .progress = "50", .lines = {{t0, "one"}, {t0, "two"}}},
                                               {.held = held, .lines = {{t0 + 1s, "three"}}}}));
    EXPECT_EQ(told, (std::vector<bool>{true, true}));
    EXPECT_EQ(info("a")->progress, "50");
    EXPECT_EQ(loop.await(stored->logs({"mail", "a"})),
              (std::vector<log_line>{{t0, "one"}, {t0, "two"}, {t0 + 1s, "three"}}));
    finish({.held = held, .at = t0, .keep = {}});
    EXPECT_EQ(info("a")->progress, "50");
    EXPECT_EQ(loop.await(stored->logs({"mail", "a"})).size(), 3u);
}

TEST_P(QueueOperations, KeepsNothingThatIsToldUnderALostLease) {
    add({make_job("a")});
    const auto stale = claim().jobs.at(0).held;
    claim(1, t0 + 10s);
    EXPECT_EQ(loop.await(stored->tell({{.held = stale, .progress = "50", .lines = {{t0, "one"}}}})),
              std::vector<bool>{false});
    EXPECT_EQ(info("a")->progress, "");
    EXPECT_TRUE(loop.await(stored->logs({"mail", "a"})).empty());
}

TEST_P(QueueOperations, KeepsTheLastLogLines) {
    add({make_job("a")});
    note many{.held = claim().jobs.at(0).held};
    for (std::size_t i = 0; i < max_log_lines + 5; ++i)
        many.lines.push_back({t0, std::to_string(i)});
    loop.await(stored->tell({many}));
    const auto kept = loop.await(stored->logs({"mail", "a"}));
    ASSERT_EQ(kept.size(), max_log_lines);
    EXPECT_EQ(kept.front().text, "5");
}

TEST_P(QueueOperations, HasNoLogOfAJobThatIsForgotten) {
    add({make_job("a")});
    const auto held = claim().jobs.at(0).held;
    loop.await(stored->tell({{.held = held, .lines = {{t0, "one"}}}}));
    finish({.held = held, .at = t0, .keep = {.count = 0}});
    add({make_job("a")});
    EXPECT_TRUE(loop.await(stored->logs({"mail", "a"})).empty());
}

TEST_P(QueueOperations, RemembersTheLastErrors) {
    add({make_job("a", {.attempts = 100})});
    const auto number = static_cast<int>(max_job_errors) + 2;
    for (int i = 1; i <= number; ++i) {
        const auto at = t0 + std::chrono::seconds(i);
        finish({.held = claim(1, at).jobs.at(0).held,
                .as = outcome::kind::retry,
                .reason = "e" + std::to_string(i),
                .at = at});
    }
    finish({.held = claim(1, t0 + 1min).jobs.at(0).held, .as = outcome::kind::completed, .at = t0 + 1min, .keep = {}});
    const auto errors = info("a")->errors;
    ASSERT_EQ(errors.size(), max_job_errors);
    EXPECT_EQ(errors.front(), (job_error{.attempt = 3, .at = t0 + 3s, .reason = "e3"}));
    EXPECT_EQ(errors.back().reason, "e" + std::to_string(number));
}

// --- events -------------------------------------------------------------------------------------------------------

TEST_P(QueueOperations, TellsWhatHappensFromThenOn) {
    add({make_job("before")});
    const auto start = events("");
    EXPECT_TRUE(start.events.empty());
    add({make_job("a", {.attempts = 2})});
    const auto taken = claim();
    loop.await(stored->tell({{.held = taken.jobs.at(1).held, .progress = "7", .at = t0}}));
    finish({.held = taken.jobs.at(0).held, .as = outcome::kind::completed, .result = "1", .at = t0});
    finish({.held = taken.jobs.at(1).held, .as = outcome::kind::retry, .reason = "bad", .at = t0});
    const auto page = events(start.next);
    EXPECT_EQ(lines(page), (strings{"added a", "active before", "active a", "progress a: 7", "completed before: 1",
                                    "retrying a: bad"}));
    EXPECT_FALSE(page.missed);
    finish({.held = claim(1, t0 + 1s).jobs.at(0).held,
            .as = outcome::kind::failed,
            .reason = "worse",
            .at = t0 + 1s,
            .keep = {}});
    EXPECT_EQ(lines(events(page.next)), (strings{"active a", "failed a: worse"}));
}

TEST_P(QueueOperations, TellsWhatPeopleDo) {
    add_one_in_each_state();
    auto cursor = events("").next;
    change(job_change::promote, "delayed");
    change(job_change::retry, "failed");
    change(job_change::cancel, "waiting");
    change(job_change::cancel, "active");
    change(job_change::remove, "completed");
    loop.await(stored->configure({.queue = "mail", .paused = true, .now = t0}));
    loop.await(stored->configure({.queue = "mail", .paused = false, .now = t0}));
    EXPECT_EQ(lines(events(cursor)), (strings{"waiting delayed", "waiting failed", "failed waiting: cancelled",
                                              "cancel_requested active", "removed completed", "paused", "resumed"}));
}

TEST_P(QueueOperations, TellsOfStalledReturnedAndDeduplicatedJobs) {
    auto cursor = events("").next;
    auto job = make_job("a");
    job.deduplicate = deduplication{.id = "d"};
    add({job});
    job.id = "b";
    add({job});
    claim();
    finish({.held = claim(1, t0 + 10s).jobs.at(0).held, .as = outcome::kind::returned, .at = t0 + 10s});
    EXPECT_EQ(lines(events(cursor)),
              (strings{"added a", "deduplicated a", "active a", "stalled a", "active a", "returned a"}));
}

TEST_P(QueueOperations, KeepsTheEventsOfQueuesApart) {
    const auto cursor = events("").next;
    add({make_job("a", {}, "images")});
    add({make_job("b")});
    EXPECT_EQ(lines(events(cursor)), strings{"added b"});
}

TEST_P(QueueOperations, WaitsForAnEvent) {
    const auto cursor = events("").next;
    const auto waiting = loop.start(stored->events({.queue = "mail", .cursor = cursor, .now = t0}));
    loop.settle();
    EXPECT_FALSE(waiting->ended);
    add({make_job("a")});
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(lines(*waiting->value), strings{"added a"});
}

TEST_P(QueueOperations, TellsEventsOfAnotherProcess) {
    const auto waiting = loop.start(stored->events({.queue = "mail", .cursor = events("").next, .now = t0}));
    loop.settle();
    const auto other = subject.open_again();
    loop.await(other->enqueue({make_job("a")}));
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(lines(*waiting->value), strings{"added a"});
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueOperations, GivesEventsInPages) {
    const auto start = events("").next;
    add({make_job("a"), make_job("b"), make_job("c")});
    const auto first = loop.await(stored->events({.queue = "mail", .cursor = start, .max = 2, .now = t0}));
    EXPECT_EQ(lines(first), (strings{"added a", "added b"}));
    EXPECT_EQ(lines(events(first.next)), strings{"added c"});
}

TEST_P(QueueOperations, SaysWhenEventsWereMissed) {
    const auto start = events("").next;
    for (std::size_t i = 0; i < 12; ++i) {
        std::vector<new_job> many;
        for (std::size_t j = 0; j < 1000; ++j)
            many.push_back(make_job("j" + std::to_string(i) + "-" + std::to_string(j)));
        add(std::move(many));
    }
    EXPECT_TRUE(events(start).missed);
}

TEST_P(QueueOperations, RecordsNothingWhenNobodyFollowsAnyMore) {
    const auto start = events("").next; // recorded for a minute
    auto job = make_job("a");
    job.created_at = t0 + 1h;
    add({job});
    const auto later = loop.start(stored->events({.queue = "mail", .cursor = start, .now = t0 + 1h}));
    loop.settle();
    EXPECT_FALSE(later->ended);
}

// --- history ------------------------------------------------------------------------------------------------------

TEST_P(QueueOperations, CountsWhatEndsByTheMinute) {
    live_and_end("a", outcome::kind::completed, {.count = 0}, t0 + 1s);
    live_and_end("b", outcome::kind::completed, {}, t0 + 59s);
    live_and_end("c", outcome::kind::failed, {}, t0 + 59s);
    live_and_end("d", outcome::kind::completed, {}, t0 + 5min);
    EXPECT_EQ(loop.await(stored->history("mail", t0, t0 + 1h)),
              (std::vector<minute_counts>{{t0, 2, 1}, {t0 + 5min, 1, 0}}));
    EXPECT_EQ(loop.await(stored->history("mail", t0 + 1min, t0 + 5min)), std::vector<minute_counts>{});
    EXPECT_TRUE(loop.await(stored->history("images", t0, t0 + 1h)).empty());
}

TEST_P(QueueOperations, ForgetsWhatIsDroppedAndCountsItNowhere) {
    live_and_end("kept", outcome::kind::completed, {}, t0);
    auto job = make_job("a");
    job.deduplicate = deduplication{.id = "one"};
    add({job});
    const auto waiting = loop.start(stored->wait_for_end({"mail", "a"}));
    const auto start = events("").next;
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::dropped, .at = t0}));
    EXPECT_FALSE(finish({.held = held, .as = outcome::kind::dropped, .at = t0})) << "the lease is void";
    EXPECT_FALSE(loop.await(stored->get({{"mail", "a"}})).at(0));
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0), (queue_counts{.queue = "mail", .completed = 1}));
    EXPECT_EQ(loop.await(stored->history("mail", t0, t0 + 1h)), (std::vector<minute_counts>{{t0, 1, 0}}));
    EXPECT_EQ(lines(events(start)), (std::vector<std::string>{"active a", "removed a"}));
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_FALSE(*waiting->value) << "it did not end";
    job.id = "b";
    EXPECT_TRUE(loop.await(stored->enqueue({job})).at(0).created()) << "its deduplication is free";
}

TEST_P(QueueOperations, ForgetsMinutesAfterAWeek) {
    live_and_end("a", outcome::kind::completed, {}, t0);
    live_and_end("b", outcome::kind::completed, {}, t0 + history_kept + 1min);
    const auto kept = loop.await(stored->history("mail", t0, t0 + 2 * history_kept));
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].minute, t0 + history_kept + 1min);
}

// --- waiting for the end ------------------------------------------------------------------------------------------

TEST_P(QueueOperations, WaitsForTheEndOfAJob) {
    add({make_job("a")});
    const auto waiting = loop.start(stored->wait_for_end({"mail", "a"}));
    const auto held = claim().jobs.at(0).held;
    loop.settle();
    EXPECT_FALSE(waiting->ended);
    finish({.held = held, .as = outcome::kind::completed, .result = "42", .at = t0, .keep = {.count = 0}});
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    ASSERT_TRUE(*waiting->value);
    EXPECT_EQ((*waiting->value)->state, job_state::completed);
    EXPECT_EQ((*waiting->value)->result, "42");
}

TEST_P(QueueOperations, WaitsThroughRetries) {
    add({make_job("a", {.attempts = 2})});
    const auto waiting = loop.start(stored->wait_for_end({"", "a"}));
    loop.settle();
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::retry, .reason = "busy", .at = t0});
    loop.settle();
    EXPECT_FALSE(waiting->ended);
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::failed, .reason = "busy", .at = t0, .keep = {}});
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ((*waiting->value)->state, job_state::failed);
}

TEST_P(QueueOperations, WaitsForNothingThatIsOverOrUnknown) {
    live_and_end("a", outcome::kind::completed, {}, t0);
    EXPECT_EQ(loop.await(stored->wait_for_end({"mail", "a"}))->state, job_state::completed);
    EXPECT_FALSE(loop.await(stored->wait_for_end({"mail", "unheard of"})));
}

TEST_P(QueueOperations, StopsWaitingForAJobThatIsRemovedOrCancelled) {
    add({make_job("a"), make_job("b")});
    const auto removed = loop.start(stored->wait_for_end({"mail", "a"}));
    const auto cancelled = loop.start(stored->wait_for_end({"mail", "b"}));
    loop.settle();
    change(job_change::remove, "a");
    change(job_change::cancel, "b");
    ASSERT_TRUE(loop.until([&] { return removed->ended && cancelled->ended; }));
    EXPECT_FALSE(*removed->value);
    EXPECT_EQ((*cancelled->value)->failed_reason, cancelled_reason);
}

TEST_P(QueueOperations, HearsOfAnEndInAnotherProcess) {
    add({make_job("a")});
    const auto waiting = loop.start(stored->wait_for_end({"mail", "a"}));
    loop.settle();
    const auto other = subject.open_again();
    const auto taken = loop.await(other->claim({.queues = {"mail"}, .worker = "w", .now = t0}));
    loop.await(other->finish({{.held = taken.jobs.at(0).held, .at = t0, .keep = {}}}));
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ((*waiting->value)->state, job_state::completed);
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueOperations, EndsAllWaitsWhenStopped) {
    add({make_job("a")});
    const auto cursor = events("").next;
    const auto end = loop.start(stored->wait_for_end({"mail", "a"}));
    const auto event = loop.start(stored->events({.queue = "mail", .cursor = cursor, .now = t0}));
    loop.settle();
    loop.await(stored->stop(deadline::after(30s)));
    ASSERT_TRUE(loop.until([&] { return end->ended && event->ended; }));
    EXPECT_EQ(infra::code_of(end->failure), infra::errc::closed);
    EXPECT_EQ(infra::code_of(event->failure), infra::errc::closed);
}

} // namespace infra::queue::tests
