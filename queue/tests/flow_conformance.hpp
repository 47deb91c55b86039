#pragma once

// What every backend must do about what flows: duplicates, time to live, and the settings of a queue.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

class QueueFlow : public QueueBackend {
protected:
    queue_settings configure(settings_change change) { return loop.await(stored->configure(std::move(change))); }

    added_job add_one(new_job job) { return add({std::move(job)}).at(0); }

    outcome completed(const claimed_job& job, wall_time at = t0) { return {.held = job.held, .at = at, .keep = {}}; }

    /// A storage with a clock of its own has let some milliseconds pass.
    void expect_due(const std::optional<wall_time>& due, wall_time at) {
        const auto passed = subject.traits.goes_by_callers_clock ? 0ms : 1000ms;
        EXPECT_LE(due, at);
        EXPECT_GE(due, at - passed);
    }

    static new_job make_duplicate(job_id id, deduplication by, wall_time at = t0) {
        auto job = make_job(std::move(id));
        job.deduplicate = std::move(by);
        job.created_at = at;
        return job;
    }
};

// --- duplicates ---------------------------------------------------------------------------------------------------

TEST_P(QueueFlow, AddsNoDuplicateWhileTheFirstIsThere) {
    EXPECT_EQ(add_one(make_duplicate("a", {.id = "d"})).how, addition::created);
    const auto again = add_one(make_duplicate("b", {.id = "d"}));
    EXPECT_EQ(again.how, addition::deduplicated);
    EXPECT_EQ(again.id, "a");
    EXPECT_FALSE(info("b"));
    EXPECT_EQ(info("a")->deduplication_id, "d");
    const auto running = claim();
    EXPECT_EQ(add_one(make_duplicate("c", {.id = "d"})).how, addition::deduplicated);
    finish(completed(running.jobs.at(0)));
    EXPECT_EQ(add_one(make_duplicate("e", {.id = "d"})).how, addition::created);
}

TEST_P(QueueFlow, DeduplicatesWithinOneCall) {
    const auto added = add({make_duplicate("a", {.id = "d"}), make_duplicate("b", {.id = "d"})});
    EXPECT_EQ(added[0].how, addition::created);
    EXPECT_EQ(added[1].how, addition::deduplicated);
    EXPECT_EQ(added[1].id, "a");
}

TEST_P(QueueFlow, SaysThatAnIdIsThereBeforeThatItIsADuplicate) {
    add({make_duplicate("a", {.id = "d"})});
    EXPECT_EQ(add_one(make_duplicate("a", {.id = "d"})).how, addition::existed);
}

TEST_P(QueueFlow, KeepsTheDuplicatesOfQueuesApart) {
    add({make_duplicate("a", {.id = "d"})});
    auto other = make_duplicate("b", {.id = "d"});
    other.queue = "images";
    EXPECT_EQ(add_one(other).how, addition::created);
}

TEST_P(QueueFlow, FreesADeduplicationWhenItsJobFailsForGoodAndNotWhenItIsRetried) {
    add({make_duplicate("a", {.id = "d"})});
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::retry, .reason = "busy", .at = t0});
    EXPECT_EQ(add_one(make_duplicate("b", {.id = "d"})).how, addition::deduplicated);
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::failed, .reason = "busy", .at = t0});
    EXPECT_EQ(add_one(make_duplicate("b", {.id = "d"})).how, addition::created);
}

TEST_P(QueueFlow, FreesADeduplicationWhenItsJobIsRemoved) {
    add({make_duplicate("a", {.id = "d", .ttl = 1h}), make_duplicate("b", {.id = "e"})});
    loop.await(stored->change({.what = job_change::remove, .jobs = {{"mail", "a"}, {"mail", "b"}}, .now = t0}));
    EXPECT_EQ(add_one(make_duplicate("c", {.id = "d", .ttl = 1h})).how, addition::created);
    EXPECT_EQ(add_one(make_duplicate("f", {.id = "e"})).how, addition::created);
}

TEST_P(QueueFlow, ThrottlesForItsTimeWhateverBecomesOfTheJob) {
    add({make_duplicate("a", {.id = "d", .ttl = 10s})});
    finish(completed(claim().jobs.at(0)));
    const auto late = subject.traits.goes_by_callers_clock ? 9999ms : 9s;
    const auto again = add_one(make_duplicate("b", {.id = "d", .ttl = 10s}, t0 + late));
    EXPECT_EQ(again.how, addition::deduplicated);
    EXPECT_EQ(again.id, "a");
    EXPECT_EQ(add_one(make_duplicate("b", {.id = "d", .ttl = 10s}, t0 + 10s)).how, addition::created);
    EXPECT_EQ(add_one(make_duplicate("c", {.id = "d", .ttl = 10s}, t0 + 19s)).id, "b");
}

TEST_P(QueueFlow, LetsAJobThatLostItsDeduplicationToTimeEndWithoutFreeingTheNext) {
    add({make_duplicate("a", {.id = "d", .ttl = 10s})});
    add({make_duplicate("b", {.id = "d"}, t0 + 10s)});
    finish(completed(claim(1).jobs.at(0)));
    EXPECT_EQ(add_one(make_duplicate("c", {.id = "d"}, t0 + 11s)).id, "b");
}

TEST_P(QueueFlow, ExtendsTheTimeWithEachDuplicate) {
    const deduplication by{.id = "d", .ttl = 10s, .extend = true};
    add({make_duplicate("a", by)});
    EXPECT_EQ(add_one(make_duplicate("b", by, t0 + 9s)).how, addition::deduplicated);
    EXPECT_EQ(add_one(make_duplicate("b", by, t0 + 18s)).how, addition::deduplicated);
    EXPECT_EQ(add_one(make_duplicate("b", by, t0 + 28s)).how, addition::created);
}

TEST_P(QueueFlow, ReplacesADelayedJob) {
    const deduplication by{.id = "d", .replace = true};
    auto first = make_duplicate("a", by);
    first.run_at = t0 + 5s;
    auto second = make_duplicate("b", by, t0 + 4s);
    second.run_at = t0 + 9s;
    add({first});
    const auto replaced = add_one(second);
    EXPECT_EQ(replaced.how, addition::replaced);
    EXPECT_EQ(replaced.id, "b");
    EXPECT_FALSE(info("a"));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1}));
    EXPECT_EQ(ids_of(claim(5, t0 + 9s)), ids{"b"});
    EXPECT_EQ(add_one(make_duplicate("c", by, t0 + 10s)).id, "b"); // active: not replaced
}

TEST_P(QueueFlow, KeepsTheTimeOfWhatItReplacesUnlessItIsToBeExtended) {
    const auto delayed = [](job_id id, deduplication by, wall_time at) {
        auto job = make_duplicate(std::move(id), std::move(by), at);
        job.run_at = t0 + 1h;
        return job;
    };
    const deduplication keeps{.id = "d", .ttl = 10s, .replace = true};
    add({delayed("a", keeps, t0)});
    EXPECT_EQ(add_one(delayed("b", keeps, t0 + 6s)).how, addition::replaced);
    EXPECT_EQ(add_one(delayed("c", keeps, t0 + 12s)).how, addition::created);
    EXPECT_TRUE(info("b"));
    const deduplication extends{.id = "e", .ttl = 10s, .extend = true, .replace = true};
    add({delayed("f", extends, t0)});
    EXPECT_EQ(add_one(delayed("g", extends, t0 + 6s)).how, addition::replaced);
    EXPECT_EQ(add_one(delayed("h", extends, t0 + 12s)).how, addition::replaced);
}

TEST_P(QueueFlow, AddsTheLastDuplicateOfAnActiveJobOnceThatIsOver) {
    const deduplication by{.id = "d", .keep_last_if_active = true};
    add({make_duplicate("a", by)});
    EXPECT_EQ(add_one(make_duplicate("waits", by)).how, addition::deduplicated); // not active yet: not kept
    const auto running = claim();
    add({make_duplicate("b", by, t0 + 1s)});
    auto last = make_duplicate("c", by, t0 + 2s);
    last.data = R"({"last":true})";
    EXPECT_EQ(add_one(last).how, addition::deduplicated);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1}));
    finish(completed(running.jobs.at(0), t0 + 3s));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 1, .completed = 1}));
    EXPECT_EQ(info("c")->data, last.data);
    EXPECT_FALSE(info("b"));
    EXPECT_EQ(add_one(make_duplicate("e", by, t0 + 4s)).id, "c"); // which holds it now
    finish(completed(claim(1, t0 + 5s).jobs.at(0), t0 + 5s));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 2}));
}

TEST_P(QueueFlow, GivesADuplicateThatIsKeptAnIdWhenItIsAdded) {
    const deduplication by{.id = "d", .keep_last_if_active = true};
    add({make_duplicate("a", by)});
    const auto running = claim();
    add({make_duplicate("", by)});
    finish(completed(running.jobs.at(0)));
    const auto next = claim();
    ASSERT_EQ(next.jobs.size(), 1u);
    EXPECT_FALSE(next.jobs[0].held.job.id.empty());
}

// --- time to live -------------------------------------------------------------------------------------------------

TEST_P(QueueFlow, FailsAJobThatWasNotStartedInTime) {
    auto job = make_job("a");
    job.expires_at = t0 + 5s;
    add({job, make_job("b")});
    EXPECT_EQ(info("a")->expires_at, t0 + 5s);
    const auto taken = claim(10, t0 + 5s);
    EXPECT_EQ(ids_of(taken), ids{"b"});
    EXPECT_EQ(taken.expired, (std::vector<job_key>{{"mail", "a"}}));
    EXPECT_EQ(info("a")->state, job_state::failed);
    EXPECT_EQ(info("a")->failed_reason, expired_reason);
    EXPECT_EQ(info("a")->finished_at, t0 + 5s);
    EXPECT_EQ(info("a")->attempts_made, 0);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1, .failed = 1}));
    EXPECT_TRUE(claim(10, t0 + 6s).expired.empty());
}

TEST_P(QueueFlow, StartsAJobJustInTimeAndLetsItRunOn) {
    auto job = make_job("a");
    job.expires_at = t0 + 5s;
    add({job});
    const auto taken = claim(1, t0 + 4999ms);
    ASSERT_EQ(ids_of(taken), ids{"a"});
    EXPECT_TRUE(finish(completed(taken.jobs[0], t0 + 9s)));
    EXPECT_EQ(info("a")->state, job_state::completed);
}

TEST_P(QueueFlow, RetriesNothingAfterItsTime) {
    auto job = make_job("a");
    job.expires_at = t0 + 5s;
    add({job});
    finish(
        {.held = claim().jobs.at(0).held, .as = outcome::kind::retry, .reason = "busy", .at = t0, .run_at = t0 + 6s});
    EXPECT_EQ(claim(1, t0 + 6s).expired.size(), 1u);
    EXPECT_EQ(info("a")->state, job_state::failed);
    EXPECT_EQ(info("a")->attempts_made, 1);
}

TEST_P(QueueFlow, KeepsOfExpiredJobsWhatTheirOptionsSay) {
    auto job = make_job("a", {.keep_failed = {.count = 0}});
    job.expires_at = t0 + 5s;
    add({job});
    EXPECT_EQ(claim(1, t0 + 5s).expired.size(), 1u);
    EXPECT_FALSE(info("a"));
}

TEST_P(QueueFlow, FreesTheDeduplicationOfAnExpiredJob) {
    auto job = make_duplicate("a", {.id = "d"});
    job.expires_at = t0 + 5s;
    add({job});
    claim(1, t0 + 5s);
    EXPECT_EQ(add_one(make_duplicate("b", {.id = "d"}, t0 + 6s)).how, addition::created);
}

// --- settings -----------------------------------------------------------------------------------------------------

TEST_P(QueueFlow, RemembersSettingsForAll) {
    EXPECT_EQ(loop.await(stored->settings("mail")), (queue_settings{.queue = "mail"}));
    const queue_settings all{
        .queue = "mail", .paused = true, .concurrency = 4, .rate = {.max = 3, .duration = 2s}, .max_length = 100};
    EXPECT_EQ(configure({.queue = "mail",
                         .paused = true,
                         .concurrency = 4,
                         .rate = rate_limit{.max = 3, .duration = 2s},
                         .max_length = 100}),
              all);
    const auto other = subject.open_again();
    EXPECT_EQ(loop.await(other->settings("mail")), all);
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueFlow, ChangesOnlyTheSettingsNamed) {
    configure({.queue = "mail", .paused = true, .concurrency = 4});
    EXPECT_EQ(configure({.queue = "mail", .concurrency = 0}), (queue_settings{.queue = "mail", .paused = true}));
    EXPECT_EQ(configure({.queue = "mail"}), (queue_settings{.queue = "mail", .paused = true}));
}

TEST_P(QueueFlow, TakesNothingFromAPausedQueue) {
    configure({.queue = "mail", .paused = true});
    add({make_job("a"), make_job("b", {}, "images")});
    const auto taken = claim(10, t0, {"mail", "images"});
    EXPECT_EQ(ids_of(taken), ids{"b"});
    EXPECT_EQ(counts().waiting, 1u);
    configure({.queue = "mail", .paused = false});
    EXPECT_EQ(ids_of(claim()), ids{"a"});
}

TEST_P(QueueFlow, LetsWhatRunsInAPausedQueueEnd) {
    add({make_job("a")});
    const auto taken = claim();
    configure({.queue = "mail", .paused = true});
    EXPECT_TRUE(extend(taken.jobs.at(0).held, 1min));
    EXPECT_TRUE(finish(completed(taken.jobs.at(0))));
    EXPECT_EQ(info("a")->state, job_state::completed);
}

TEST_P(QueueFlow, RunsNoMoreJobsAtOnceThanTheQueueAllows) {
    configure({.queue = "mail", .concurrency = 2});
    add({make_job("a"), make_job("b"), make_job("c"), make_job("d", {}, "images")});
    const auto first = claim(10, t0, {"mail", "images"});
    EXPECT_EQ(first.jobs.size(), 3u);
    EXPECT_EQ(counts().active, 2u);
    EXPECT_EQ(ids_of(claim()), ids{});
    for (const auto& job : first.jobs)
        if (job.held.job.id == "a")
            finish(completed(job));
    EXPECT_EQ(ids_of(claim()), ids{"c"});
}

TEST_P(QueueFlow, CountsOnlyLiveLeasesAgainstTheConcurrency) {
    configure({.queue = "mail", .concurrency = 1});
    add({make_job("a"), make_job("b")});
    claim();
    EXPECT_EQ(ids_of(claim(10, t0 + 10s)), ids{"a"}); // whose worker vanished
}

TEST_P(QueueFlow, StartsNoMoreJobsWithinATimeThanTheQueueAllows) {
    configure({.queue = "mail", .rate = rate_limit{.max = 2, .duration = 10s}});
    add({make_job("a"), make_job("b"), make_job("c"), make_job("d"), make_job("e")});
    EXPECT_EQ(ids_of(claim(1, t0)), ids{"a"});
    const auto second = claim(10, t0 + 6s);
    EXPECT_EQ(ids_of(second), ids{"b"});
    for (const auto& each : second.jobs)
        finish(completed(each, t0 + 6s)); // starts count, not ends
    const auto limited = claim(10, t0 + 7s);
    EXPECT_EQ(ids_of(limited), ids{});
    expect_due(limited.next_due, t0 + 10s); // a's lease ends then too: see below
    EXPECT_EQ(claim(10, t0 + 10s).jobs.size(), 2u);
}

TEST_P(QueueFlow, SaysWhenARateLimitLetsTheNextJobStart) {
    configure({.queue = "mail", .rate = rate_limit{.max = 1, .duration = 3s}});
    add({make_job("a"), make_job("b")});
    finish(completed(claim().jobs.at(0)));
    expect_due(claim(10, t0 + 1s).next_due, t0 + 3s);
    EXPECT_EQ(ids_of(claim(10, t0 + 3s)), ids{"b"});
    EXPECT_GT(claim(10, t0 + 4s).next_due, t0 + 6s); // nothing waits for the rate: only a lease ends
}

TEST_P(QueueFlow, WaitsForNoRateWindowThatAClockPutAheadBegan) {
    if (!subject.traits.goes_by_callers_clock)
        GTEST_SKIP() << "no clock of its callers ends a window";
    configure({.queue = "mail", .rate = rate_limit{.max = 1, .duration = 3s}});
    add({make_job("a"), make_job("b")});
    claim(1, t0 + std::chrono::years(1));
    EXPECT_EQ(claim(1, t0).jobs.size(), 1u);
}

TEST_P(QueueFlow, LiftsARateLimitAtOnce) {
    configure({.queue = "mail", .rate = rate_limit{.max = 1, .duration = 1h}});
    add({make_job("a"), make_job("b")});
    claim();
    configure({.queue = "mail", .rate = rate_limit{}});
    EXPECT_EQ(ids_of(claim()), ids{"b"});
}

TEST_P(QueueFlow, RefusesWhatIsMoreThanTheQueueMayHold) {
    configure({.queue = "mail", .max_length = 2});
    add({make_job("a"), make_delayed("b", t0 + 1h)});
    EXPECT_EQ(loop.code_of(stored->enqueue({make_job("c")})), errc::full);
    EXPECT_FALSE(info("c"));
    add({make_job("x", {}, "images")});
    claim(); // what runs takes no room
    EXPECT_EQ(add_one(make_job("c")).how, addition::created);
}

TEST_P(QueueFlow, AddsAllOrNoneToAQueueThatIsNearlyFull) {
    configure({.queue = "mail", .max_length = 2});
    add({make_job("a")});
    EXPECT_EQ(loop.code_of(stored->enqueue({make_job("x", {}, "images"), make_job("b"), make_job("c")})), errc::full);
    EXPECT_FALSE(info("b"));
    EXPECT_FALSE(info("x", "images"));
}

TEST_P(QueueFlow, NeedsNoRoomForWhatAddsNothing) {
    configure({.queue = "mail", .max_length = 1});
    add({make_duplicate("a", {.id = "d"})});
    EXPECT_EQ(add_one(make_job("a")).how, addition::existed);
    EXPECT_EQ(add_one(make_duplicate("b", {.id = "d"})).how, addition::deduplicated);
}

TEST_P(QueueFlow, TakesAJobBackHoweverFullTheQueueIs) {
    configure({.queue = "mail", .max_length = 1});
    add({make_job("a")});
    const auto running = claim();
    add({make_job("b")});
    EXPECT_TRUE(finish({.held = running.jobs.at(0).held, .as = outcome::kind::returned, .at = t0}));
    EXPECT_EQ(counts().waiting, 2u);
}

TEST_P(QueueFlow, WakesAClaimThatWaitsWhenTheQueueIsResumed) {
    configure({.queue = "mail", .paused = true});
    add({make_job("a")});
    const auto claiming = wait_to_claim(waiting_claim());
    configure({.queue = "mail", .paused = false});
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"a"});
}

TEST_P(QueueFlow, WakesAClaimThatWaitsWhenAPlaceIsFreeAgain) {
    configure({.queue = "mail", .concurrency = 1});
    add({make_job("a"), make_job("b")});
    const auto running = claim();
    auto request = waiting_claim();
    request.due = running.next_due.value_or(t0 + 10s);
    const auto claiming = wait_to_claim(request);
    finish(completed(running.jobs.at(0)));
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"b"});
}

} // namespace infra::queue::tests
