#pragma once

// What every backend must do when people change jobs: retry, promote, cancel, remove, forget.

#include "operations_fixture.hpp"

namespace infra::queue::tests {

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
    EXPECT_EQ(loop.await(stored->extend({held}, 1min, t0)).at(0), renewal::cancel_requested);
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
    EXPECT_EQ(listed({.queue = "mail"}), ids{"Active"});
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1}));
}

TEST_P(QueueOperations, LeavesAloneWhatIsInNoStateForTheChange) {
    add_one_in_each_state();
    for (const auto* id : {"Waiting", "Delayed", "Active", "unheard of"})
        EXPECT_EQ(change(job_change::retry, id), 0u) << id;
    for (const auto* id : {"Waiting", "Active", "Completed", "Failed"})
        EXPECT_EQ(change(job_change::promote, id), 0u) << id;
    for (const auto* id : {"Completed", "Failed"})
        EXPECT_EQ(change(job_change::cancel, id), 0u) << id;
    EXPECT_EQ(change(job_change::remove, "Active"), 0u);
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

} // namespace infra::queue::tests
