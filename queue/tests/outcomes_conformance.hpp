#pragma once

// What every backend must do with a job that was run.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

// --- finish --------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, RecordsCompletion) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::completed, .result = R"({"sent":true})", .at = t0 + 1s}));
    const auto done = info("a");
    EXPECT_EQ(done->state, job_state::completed);
    EXPECT_EQ(done->result, R"({"sent":true})");
    EXPECT_EQ(done->attempts_made, 1);
    EXPECT_EQ(done->finished_at, t0 + 1s);
    EXPECT_EQ(ids_of(claim(1, t0 + 1h)), ids{});
}

TEST_P(QueueBackend, RecordsFailure) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::failed, .reason = "no such mailbox", .at = t0 + 1s}));
    const auto done = info("a");
    EXPECT_EQ(done->state, job_state::failed);
    EXPECT_EQ(done->failed_reason, "no such mailbox");
    EXPECT_EQ(done->attempts_made, 1);
    EXPECT_EQ(done->finished_at, t0 + 1s);
}

TEST_P(QueueBackend, RetriesAtOnceBehindThoseThatWait) {
    add({make_job("a"), make_job("b")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .reason = "busy", .at = t0}));
    EXPECT_EQ(info("a")->state, job_state::waiting);
    EXPECT_EQ(info("a")->attempts_made, 1);
    EXPECT_EQ(info("a")->failed_reason, "busy");
    const auto again = claim();
    EXPECT_EQ(ids_of(again), (ids{"b", "a"}));
    EXPECT_EQ(again.jobs[1].attempts_made, 1);
}

TEST_P(QueueBackend, RetriesALifoJobInFront) {
    add({make_job("a", {.lifo = true})});
    const auto held = claim(1).jobs.at(0).held;
    add({make_job("b")});
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .at = t0}));
    EXPECT_EQ(ids_of(claim()), (ids{"a", "b"}));
}

TEST_P(QueueBackend, RetriesLater) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::retry, .reason = "busy", .at = t0, .run_at = t0 + 8s}));
    EXPECT_EQ(info("a")->state, job_state::delayed);
    EXPECT_EQ(info("a")->run_at, t0 + 8s);
    EXPECT_EQ(claim(1, t0 + 7s).next_due, t0 + 8s);
    EXPECT_EQ(ids_of(claim(1, t0 + 8s)), ids{"a"});
    EXPECT_EQ(info("a")->run_at, std::nullopt);
}

// A worker gives back the youngest of several first.
TEST_P(QueueBackend, PutsInFrontOfAllWhatIsReturnedLast) {
    add({make_job("a"), make_job("b"), make_job("c"), make_job("d")});
    const auto taken = claim(3);
    std::vector<outcome> back;
    for (const auto i : {2u, 1u, 0u})
        back.push_back({.held = taken.jobs.at(i).held, .as = outcome::kind::returned, .at = t0});
    EXPECT_EQ(loop.await(stored->finish(std::move(back))), std::vector<bool>(3, true));
    EXPECT_EQ(ids_of(claim()), (ids{"a", "b", "c", "d"}));
}

TEST_P(QueueBackend, PutsAReturnedJobInFrontWithoutCountingAnAttempt) {
    add({make_job("a"), make_job("b")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::returned, .at = t0}));
    EXPECT_EQ(info("a")->attempts_made, 0);
    const auto again = claim();
    EXPECT_EQ(ids_of(again), (ids{"a", "b"}));
    EXPECT_EQ(again.jobs[0].attempts_made, 0);
    EXPECT_GT(again.jobs[0].held.fence, held.fence);
}

TEST_P(QueueBackend, ReturnsAJobForLater) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .as = outcome::kind::returned, .at = t0, .run_at = t0 + 10s}));
    EXPECT_EQ(ids_of(claim(1, t0 + 9s)), ids{});
    EXPECT_EQ(ids_of(claim(1, t0 + 10s)), ids{"a"});
    EXPECT_EQ(info("a")->attempts_made, 0);
}

TEST_P(QueueBackend, KeepsTheLastFailureOfAJobThatCompletedInTheEnd) {
    add({make_job("a")});
    finish({.held = claim(1).jobs.at(0).held, .as = outcome::kind::retry, .reason = "busy", .at = t0});
    finish({.held = claim(1).jobs.at(0).held, .as = outcome::kind::completed, .at = t0});
    EXPECT_EQ(info("a")->state, job_state::completed);
    EXPECT_EQ(info("a")->failed_reason, "busy");
    EXPECT_EQ(info("a")->attempts_made, 2);
}

TEST_P(QueueBackend, RecordsManyOutcomesEachByItself) {
    add({make_job("a"), make_job("b"), make_job("c")});
    const auto taken = claim();
    auto forged = taken.jobs[1].held;
    forged.token = "12345:1";
    const auto done = loop.await(stored->finish({{.held = taken.jobs[0].held, .at = t0},
                                                 {.held = forged, .at = t0},
                                                 {.held = taken.jobs[2].held, .as = outcome::kind::failed, .at = t0}}));
    EXPECT_EQ(done, (std::vector<bool>{true, false, true}));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1, .completed = 1, .failed = 1}));
}

// --- what stays of finished jobs -----------------------------------------------------------------------------------

TEST_P(QueueBackend, ForgetsFinishedJobsBeyondTheCount) {
    for (const auto* id : {"a", "b", "c"})
        live_and_end(id, outcome::kind::completed, {.count = 2}, t0 + 1s);
    EXPECT_FALSE(info("a"));
    EXPECT_TRUE(info("b"));
    EXPECT_TRUE(info("c"));
    EXPECT_EQ(counts().completed, 2u);
}

TEST_P(QueueBackend, ForgetsFinishedJobsBeyondTheAge) {
    live_and_end("a", outcome::kind::failed, {.age = 60s}, t0);
    live_and_end("b", outcome::kind::failed, {.age = 60s}, t0 + 60s);
    EXPECT_TRUE(info("a"));
    live_and_end("c", outcome::kind::failed, {.age = 60s}, t0 + 61s);
    EXPECT_FALSE(info("a"));
    EXPECT_EQ(counts().failed, 2u);
}

TEST_P(QueueBackend, ForgetsAtOnceWhatIsNotToBeKept) {
    live_and_end("a", outcome::kind::completed, {.count = 0}, t0);
    live_and_end("b", outcome::kind::failed, {.count = 0}, t0);
    EXPECT_FALSE(info("a"));
    EXPECT_FALSE(info("b"));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail"}));
}

TEST_P(QueueBackend, KeepsTheHistoriesOfQueuesAndOutcomesApart) {
    add({make_job("other", {}, "images")});
    finish({.held = claim(1, t0, {"images"}).jobs.at(0).held, .at = t0, .keep = {.count = 1}});
    live_and_end("a", outcome::kind::failed, {.count = 1}, t0);
    live_and_end("b", outcome::kind::completed, {.count = 1}, t0);
    live_and_end("c", outcome::kind::completed, {.count = 1}, t0);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 1, .failed = 1}));
    EXPECT_EQ(counts("images").completed, 1u);
}

TEST_P(QueueBackend, PrunesByAgeAndCountWithoutAnyoneFinishing) {
    for (int i = 0; i < 4; ++i)
        live_and_end("c" + std::to_string(i), outcome::kind::completed, {}, t0 + std::chrono::seconds(i));
    live_and_end("f", outcome::kind::failed, {}, t0);
    const auto gone = loop.await(
        stored->prune({{.queue = "mail", .completed = {.count = 3, .age = 8s}, .failed = {.age = 1h}, .now = t0 + 10s},
                       {.queue = "no such queue", .completed = {.count = 0}, .now = t0}}));
    EXPECT_EQ(gone, 2u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 2, .failed = 1}));
    EXPECT_FALSE(info("c0"));
    EXPECT_FALSE(info("c1"));
}

} // namespace infra::queue::tests
