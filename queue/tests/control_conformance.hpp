#pragma once

// What people ask for through queue::control, on every backend.

#include "backend_fixture.hpp"

#include <infra/queue/queue.hpp>

namespace infra::queue::tests {

class QueueControl : public QueueBackend {
protected:
    job_id add(job_id id = {}, enqueue_options options = {}) {
        if (!id.empty())
            options.id = id;
        return loop.await(jobs.enqueue("mail", json::value(1), std::move(options)));
    }
    claimed_job take() {
        return loop.await(stored->claim({.queues = {"mail"}, .worker = "w", .now = time.wall()})).jobs.at(0);
    }
    void end(const claimed_job& job, outcome::kind as = outcome::kind::completed, std::string text = {}) {
        outcome o{.held = job.held, .as = as, .at = time.wall()};
        (as == outcome::kind::completed ? o.result : o.reason) = std::move(text);
        loop.await(stored->finish({o}));
    }
    void fail(job_id id, std::string reason = "bad") {
        add(std::move(id));
        end(take(), outcome::kind::failed, std::move(reason));
    }
    queue_counts counts() { return loop.await(jobs.counts({"mail"})).at(0); }

    queue jobs{stored, {}, std::make_shared<registry>(), time};
};

TEST_P(QueueControl, SetsWhatHoldsForAQueue) {
    loop.await(jobs.pause("mail"));
    loop.await(jobs.set_concurrency("mail", 3));
    loop.await(jobs.set_rate_limit("mail", {.max = 5, .duration = 1min}));
    EXPECT_EQ(loop.await(jobs.set_max_length("mail", 7)), loop.await(jobs.settings("mail")));
    EXPECT_EQ(
        loop.await(jobs.settings("mail")),
        (queue_settings{
            .queue = "mail", .paused = true, .concurrency = 3, .rate = {.max = 5, .duration = 1min}, .max_length = 7}));
    EXPECT_FALSE(loop.await(jobs.resume("mail")).paused);
}

TEST_P(QueueControl, RefusesWhatNamesNoQueueOrLimitsNothing) {
    EXPECT_THROW(loop.await(jobs.pause("")), std::invalid_argument);
    EXPECT_THROW(loop.await(jobs.drain("a:b")), std::invalid_argument);
    EXPECT_THROW(loop.await(jobs.set_rate_limit("mail", {.max = 5, .duration = 0ms})), std::invalid_argument);
    EXPECT_THROW(loop.await(jobs.list({.queue = "mail"}, 0)), std::invalid_argument);
}

TEST_P(QueueControl, ChangesAsManyAsOneStepMayAndGoesOnFromThere) {
    for (const auto* id : {"a", "b", "c"})
        add(id, {.delay = 1h});
    change_request step{.what = job_change::promote, .filter = {.queue = "mail"}, .max = 2};
    const auto first = loop.await(jobs.change(step));
    EXPECT_EQ(first.changed, 2u);
    ASSERT_FALSE(first.next.empty());
    step.cursor = first.next;
    EXPECT_EQ(loop.await(jobs.change(step)).changed, 1u);
    EXPECT_EQ(counts().waiting, 3u);
}

TEST_P(QueueControl, ChangesOneJob) {
    fail("failed job");
    add("delayed job", {.delay = 1h});
    add("waiting job");
    EXPECT_TRUE(loop.await(jobs.retry("failed job")));
    EXPECT_FALSE(loop.await(jobs.retry("failed job")));
    EXPECT_TRUE(loop.await(jobs.promote("delayed job")));
    EXPECT_TRUE(loop.await(jobs.cancel("waiting job")));
    EXPECT_TRUE(loop.await(jobs.remove(job_key{"mail", "waiting job"})));
    EXPECT_FALSE(loop.await(jobs.remove(job_key{"other", "failed job"})));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 2}));
}

TEST_P(QueueControl, ChangesAllThatFitHoweverManyItAre) {
    for (int i = 0; i < 1100; ++i)
        add();
    EXPECT_EQ(loop.await(jobs.cancel_all({.queue = "mail"})), 1100u);
    fail("other", "worse");
    EXPECT_EQ(loop.await(jobs.retry_all({.queue = "mail", .reason_contains = "cancelled"})), 1100u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 1100, .failed = 1}));
    EXPECT_EQ(loop.await(jobs.remove_all({.queue = "mail"})), 1101u);
}

TEST_P(QueueControl, DrainsWhatWaits) {
    add("a");
    add("b");
    add("c", {.delay = 1h});
    fail("d");
    EXPECT_EQ(loop.await(jobs.drain("mail")), 2u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1, .failed = 1}));
    EXPECT_EQ(loop.await(jobs.drain("mail", true)), 1u);
}

TEST_P(QueueControl, CleansWhatIsOldInAState) {
    fail("old");
    time.advance(1h);
    fail("young");
    add("waiting");
    EXPECT_EQ(loop.await(jobs.clean("mail", job_state::failed, 30min)), 1u);
    EXPECT_TRUE(loop.await(jobs.find_job("young")));
    time.advance(1h);
    EXPECT_EQ(loop.await(jobs.clean("mail", job_state::waiting, 30min)), 1u);
    fail("a");
    fail("b");
    time.advance(1ms);
    EXPECT_EQ(loop.await(jobs.clean("mail", job_state::failed, 0ms, 2)), 2u);
    EXPECT_EQ(counts().failed, 1u);
}

TEST_P(QueueControl, ObliteratesAQueue) {
    add("a");
    add("b", {.delay = 1h});
    fail("c");
    loop.await(jobs.upsert_schedule({.queue = "mail", .id = "s", .when = {.every = 1min}, .name = "mail"}));
    loop.await(jobs.obliterate("mail"));
    EXPECT_TRUE(loop.await(jobs.counts()).empty());
    EXPECT_EQ(loop.await(jobs.settings("mail")), (queue_settings{.queue = "mail"}));
}

TEST_P(QueueControl, ObliteratesNothingThatRunsUnlessForced) {
    add("a");
    const auto running = take();
    add("b");
    EXPECT_EQ(loop.code_of(jobs.obliterate("mail")), infra::errc::invalid_state);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 1, .active = 1, .paused = true}));
    EXPECT_TRUE(loop.await(jobs.settings("mail")).paused);
    const auto forced = loop.start(jobs.obliterate("mail", deadline(time.steady() + 1min)));
    ASSERT_TRUE(loop.until([&] { return time.sleepers() >= 2; })); // the deadline and the next look
    EXPECT_TRUE(loop.await(jobs.find_job("a"))->cancel_requested);
    end(running, outcome::kind::retry, "interrupted");
    time.advance(20ms);
    ASSERT_TRUE(loop.until([&] { return forced->ended; }));
    EXPECT_FALSE(forced->failure);
    EXPECT_TRUE(loop.await(jobs.counts()).empty());
}

TEST_P(QueueControl, GivesTheHistoryUpToNow) {
    fail("a");
    time.advance(2min);
    fail("b");
    EXPECT_EQ(loop.await(jobs.history("mail", 10min)), (std::vector<minute_counts>{{t0, 0, 1}, {t0 + 2min, 0, 1}}));
    EXPECT_EQ(loop.await(jobs.history("mail", 1min)), (std::vector<minute_counts>{{t0 + 2min, 0, 1}}));
}

TEST_P(QueueControl, KnowsTheAgeOfTheOldestWaitingJob) {
    EXPECT_FALSE(loop.await(jobs.oldest_waiting("mail")));
    for (int i = 0; i < 1500; ++i)
        add({}, {.delay = 1h});
    time.advance(1s);
    add("a", {.priority = 9});
    time.advance(1s);
    add("b");
    EXPECT_EQ(loop.await(jobs.oldest_waiting("mail")), t0 + 1s);
}

TEST_P(QueueControl, WaitsForAResult) {
    add("a");
    const auto waiting = loop.start(jobs.wait_for_result<int>("a", deadline(time.steady() + 1min)));
    loop.settle();
    end(take(), outcome::kind::completed, "42");
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(waiting->value, 42);
    EXPECT_EQ(loop.await(jobs.wait_for("a", deadline())).state, job_state::completed);
    EXPECT_EQ(loop.code_of(jobs.wait_for_result<std::string>("a", deadline())), infra::errc::invalid_input);
}

TEST_P(QueueControl, SaysWhyThereIsNoResult) {
    fail("a", "no such mailbox");
    try {
        loop.await(jobs.wait_for_result("a", deadline()));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::job_failed);
        EXPECT_NE(std::string(e.what()).find("no such mailbox"), std::string::npos) << e.what();
    }
    EXPECT_EQ(loop.code_of(jobs.wait_for("unheard of", deadline())), errc::job_failed);
}

TEST_P(QueueControl, WaitsNoLongerThanTheDeadline) {
    add("a");
    const auto waiting = loop.start(jobs.wait_for("a", deadline(time.steady() + 1min)));
    ASSERT_TRUE(loop.until([&] { return time.sleepers() == 1; }));
    time.advance(1min);
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(infra::code_of(waiting->failure), infra::errc::timed_out);
}

TEST_P(QueueControl, FollowsEventsForAsLongAsAnybodyReads) {
    auto events = loop.await(jobs.follow("mail"));
    add("a");
    EXPECT_EQ(loop.await(events.next()).events.at(0).id, "a");
    const auto waiting = loop.start(events.next());
    for (int i = 0; i < 30; ++i) { // ten minutes
        ASSERT_TRUE(loop.until([&] { return time.sleepers() == 1; }));
        time.advance(20s);
    }
    loop.settle();
    EXPECT_FALSE(waiting->ended);
    add("b");
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(waiting->value->events.at(0).id, "b");
}

TEST_P(QueueControl, WaitsForRoomInAFullQueue) {
    loop.await(jobs.set_max_length("mail", 1));
    add("a");
    EXPECT_EQ(loop.code_of(jobs.enqueue("mail", json::value(1))), errc::full);
    const auto waiting = loop.start(jobs.enqueue("mail", json::value(1), {.id = "b", .wait_for_room = 1min}));
    ASSERT_TRUE(loop.until([&] { return time.sleepers() == 1; }));
    take();
    time.advance(1s);
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(waiting->value, "b");
}

TEST_P(QueueControl, WaitsForRoomNoLongerThanAsked) {
    loop.await(jobs.set_max_length("mail", 1));
    add("a");
    const auto waiting = loop.start(jobs.enqueue("mail", json::value(1), {.wait_for_room = 2s}));
    for (int i = 0; i < 100 && !waiting->ended; ++i) {
        ASSERT_TRUE(loop.until([&] { return waiting->ended || time.sleepers() == 1; }));
        time.advance(100ms);
    }
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(infra::code_of(waiting->failure), errc::full);
    EXPECT_EQ(counts().waiting, 1u);
}

TEST_P(QueueControl, CarriesWhatACallSaysToTheStorage) {
    EXPECT_EQ(add("a", {.ttl = 10s}), "a");
    EXPECT_EQ(loop.await(jobs.find_job("a"))->expires_at, t0 + 10s);
    add("b", {.delay = 5s, .ttl = 10s});
    EXPECT_EQ(loop.await(jobs.find_job("b"))->expires_at, t0 + 15s);
    EXPECT_EQ(add("c", {.deduplicate = deduplication{.id = "d"}}), "c");
    EXPECT_EQ(add("e", {.deduplicate = deduplication{.id = "d"}}), "c");
}

TEST_P(QueueControl, RefusesOptionsThatMeanNothing) {
    for (const auto& options :
         {enqueue_options{.ttl = 0ms}, enqueue_options{.deduplicate = deduplication{}},
          enqueue_options{.deduplicate = deduplication{.id = "d", .extend = true}},
          enqueue_options{.deduplicate = deduplication{.id = "d", .ttl = 1s, .keep_last_if_active = true}},
          enqueue_options{.wait_for_room = -1ms}})
        EXPECT_THROW(loop.await(jobs.enqueue("mail", json::value(1), options)), std::invalid_argument);
    EXPECT_EQ(counts().waiting, 0u);
}

TEST_P(QueueControl, PausesASchedule) {
    // whatever is to become of missed runs
    for (const auto missed : {missed_runs::one, missed_runs::all, missed_runs::skip}) {
        loop.await(jobs.upsert_schedule(
            {.queue = "mail", .id = "s", .when = {.pattern = "0 * * * *", .missed = missed}, .name = "mail"}));
        const auto paused_at = time.wall();
        EXPECT_TRUE(loop.await(jobs.pause_schedule({"mail", "s"})));
        EXPECT_TRUE(loop.await(jobs.pause_schedule({"mail", "s"})));
        time.advance(5h);
        EXPECT_EQ(loop.await(jobs.schedules()).at(0).paused_since, paused_at);
        EXPECT_EQ(loop.await(jobs.schedules()).at(0).next, std::nullopt);
        EXPECT_TRUE(loop.await(jobs.resume_schedule({"mail", "s"})));
        EXPECT_TRUE(loop.await(jobs.resume_schedule({"mail", "s"})));
        const auto s = loop.await(jobs.schedules()).at(0);
        EXPECT_EQ(s.paused_since, std::nullopt);
        EXPECT_EQ(s.next, paused_at + 6h) << "nothing is made up for";
        EXPECT_EQ(s.runs, 0u);
        EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1}));
        loop.await(jobs.remove_schedule({"mail", "s"}));
    }
    EXPECT_FALSE(loop.await(jobs.pause_schedule({"mail", "s"})));
    EXPECT_FALSE(loop.await(jobs.resume_schedule({"mail", "s"})));
}

TEST_P(QueueControl, HoldsThePausedScheduleToItsEnd) {
    loop.await(jobs.upsert_schedule(
        {.queue = "mail", .id = "s", .when = {.pattern = "0 * * * *", .end = t0 + 3h}, .name = "mail"}));
    loop.await(jobs.pause_schedule({"mail", "s"}));
    time.advance(3h);
    loop.await(jobs.resume_schedule({"mail", "s"}));
    EXPECT_EQ(loop.await(jobs.schedules()).at(0).next, std::nullopt);
    EXPECT_EQ(counts(), queue_counts{.queue = "mail"});
}

TEST_P(QueueControl, RunsAPausedScheduleWhenAskedTo) {
    loop.await(jobs.upsert_schedule(
        {.queue = "mail", .id = "s", .when = {.pattern = "0 * * * *"}, .name = "mail", .data = R"({"all":true})"}));
    loop.await(jobs.pause_schedule({"mail", "s"}));
    const auto id = loop.await(jobs.run_cron({"mail", "s"}));
    ASSERT_TRUE(id);
    EXPECT_EQ(loop.await(jobs.find_job(*id))->data, R"({"all":true})");
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 1}));
    EXPECT_TRUE(loop.await(jobs.schedules()).at(0).paused_since);
}

TEST_P(QueueControl, ObliteratesAPausedSchedule) {
    loop.await(jobs.upsert_schedule({.queue = "mail", .id = "s", .when = {.every = 1min}, .name = "mail"}));
    loop.await(jobs.pause_schedule({"mail", "s"}));
    loop.await(jobs.obliterate("mail"));
    EXPECT_TRUE(loop.await(jobs.schedules()).empty());
    EXPECT_TRUE(loop.await(jobs.counts()).empty());
}

TEST_P(QueueControl, KeepsSchedules) {
    loop.await(jobs.upsert_schedule({.queue = "mail", .id = "s", .when = {.pattern = "0 6 * * *"}, .name = "mail"}));
    const auto all = loop.await(jobs.schedules());
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].name, "s");
    EXPECT_EQ(all[0].next, t0 + 6h);
    EXPECT_FALSE(all[0].orphaned);
    time.advance(3min);
    EXPECT_TRUE(loop.await(jobs.schedules("mail")).at(0).orphaned);
    EXPECT_TRUE(loop.await(jobs.remove_schedule({"mail", "s"})));
    EXPECT_FALSE(loop.await(jobs.remove_schedule({"mail", "s"})));
    EXPECT_THROW(loop.await(jobs.upsert_schedule({.queue = "mail", .id = "s", .when = {.pattern = "x"}, .name = "m"})),
                 std::invalid_argument);
}

} // namespace infra::queue::tests
