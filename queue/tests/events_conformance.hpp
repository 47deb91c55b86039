#pragma once

// What every backend must tell those who follow a queue, or wait for the end of a job.

#include "operations_fixture.hpp"

namespace infra::queue::tests {

// --- events --------------------------------------------------------------------------------------------------------

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
    change(job_change::promote, "Delayed");
    change(job_change::retry, "Failed");
    change(job_change::cancel, "Waiting");
    change(job_change::cancel, "Active");
    change(job_change::remove, "Completed");
    loop.await(stored->configure({.queue = "mail", .paused = true, .now = t0}));
    loop.await(stored->configure({.queue = "mail", .paused = false, .now = t0}));
    EXPECT_EQ(lines(events(cursor)), (strings{"waiting Delayed", "waiting Failed", "failed Waiting: cancelled",
                                              "cancel_requested Active", "removed Completed", "paused", "resumed"}));
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
    add({make_job("a")});
    const std::vector<note> many(1000, {.held = claim().jobs.at(0).held, .progress = "1", .at = t0});
    EXPECT_FALSE(events(start).missed);
    for (std::size_t told = 0; told < max_events + max_events / 5; told += many.size())
        loop.await(stored->tell(many));
    EXPECT_TRUE(events(start).missed);
}

TEST_P(QueueOperations, RecordsNothingWhenNobodyFollowsAnyMore) {
    if (!subject.traits.records_for_followers_only)
        GTEST_SKIP() << "others may follow the queue unseen";
    const auto start = events("").next; // recorded for a minute
    auto job = make_job("a");
    job.created_at = t0 + 1h;
    add({job});
    const auto later = loop.start(stored->events({.queue = "mail", .cursor = start, .now = t0 + 1h}));
    loop.settle();
    EXPECT_FALSE(later->ended);
}

// --- waiting for the end -------------------------------------------------------------------------------------------

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
