#pragma once

// What every backend must do with a job that somebody holds.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

TEST_P(QueueBackend, RescuesAJobWhoseLeaseRanOut) {
    add({make_job("a"), make_job("b")});
    const auto first = claim(1);
    EXPECT_EQ(ids_of(claim(5, t0 + 9999ms)), ids{"b"});
    const auto second = claim(1, t0 + 10s);
    ASSERT_EQ(ids_of(second), ids{"a"});
    EXPECT_EQ(second.rescued, (std::vector<job_key>{{"mail", "a"}}));
    EXPECT_EQ(second.jobs[0].stalls, 1);
    EXPECT_EQ(second.jobs[0].attempts_made, 0);
    EXPECT_GT(second.jobs[0].held.fence, first.jobs[0].held.fence);
}

TEST_P(QueueBackend, PutsARescuedJobInFront) {
    add({make_job("a")});
    claim(1);
    add({make_job("b"), make_job("c")});
    EXPECT_EQ(ids_of(claim(10, t0 + 10s)), (ids{"a", "b", "c"}));
}

TEST_P(QueueBackend, RescuesJobsOfQueuesItWasNotAskedFor) {
    add({make_job("a", {}, "images")});
    claim(1, t0, {"images"});
    if (!subject.traits.rescues_every_queue)
        EXPECT_EQ(counts("images").active, 1u) << "until somebody asks for that queue";
    const auto asked = subject.traits.rescues_every_queue ? "mail" : "images";
    EXPECT_EQ(claim(0, t0 + 10s, {asked}).rescued, (std::vector<job_key>{{"images", "a"}}));
    EXPECT_EQ(counts("images").waiting, 1u);
}

TEST_P(QueueBackend, SparesLeasesThatAreOverOnlyBecauseTheWallClockJumped) {
    if (!subject.traits.goes_by_callers_clock)
        GTEST_SKIP() << "no clock of its callers ends a lease";
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    const auto after_jump = t0 + 1h;
    const claim_request lenient{
        .queues = {"mail"}, .max = 1, .worker = "w", .now = after_jump, .expired_before = t0 + 1s};
    EXPECT_EQ(ids_of(loop.await(stored->claim(lenient))), ids{});
    EXPECT_TRUE(extend(held, 10s, after_jump));
    EXPECT_EQ(ids_of(claim(1, after_jump + 9s)), ids{});
}

TEST_P(QueueBackend, RescuesAJobWhoseLeaseEndsLaterThanAnyLeaseMay) {
    if (!subject.traits.goes_by_callers_clock)
        GTEST_SKIP() << "no clock of its callers ends a lease";
    add({make_job("a")});
    claim(1, t0 + std::chrono::years(1)); // by a clock that was then put right
    EXPECT_EQ(ids_of(claim(1, t0)), ids{"a"});
}

TEST_P(QueueBackend, ExtendsALease) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(extend(held, 15s, t0 + 5s));
    EXPECT_EQ(ids_of(claim(1, t0 + 19s)), ids{});
    EXPECT_EQ(ids_of(claim(1, t0 + 20s)), ids{"a"});
}

TEST_P(QueueBackend, ExtendsALeaseThatRanOutWhileNobodyTookTheJob) {
    if (!subject.traits.goes_by_callers_clock)
        GTEST_SKIP() << "a lease that its own clock ended is gone";
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(extend(held, 15s, t0 + 15s));
    EXPECT_TRUE(finish({.held = held, .at = t0 + 25s}));
}

TEST_P(QueueBackend, RefusesToExtendALostLease) {
    add({make_job("a"), make_job("b")});
    const auto taken = claim(2);
    const auto again = claim(1, t0 + 10s);
    const auto held = loop.await(stored->extend({taken.jobs[0].held, again.jobs.at(0).held}, 50s, t0 + 10s));
    EXPECT_EQ(held, (std::vector<renewal>{renewal::lost, renewal::held}));
}

TEST_P(QueueBackend, RefusesTheOutcomeOfALostLease) {
    add({make_job("a")});
    const auto stale = claim(1).jobs.at(0).held;
    const auto fresh = claim(1, t0 + 10s).jobs.at(0).held;
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::completed, .result = R"("stale")", .at = t0}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::completed, .at = t0, .keep = {.count = 0}}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::retry, .at = t0}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::failed, .at = t0}));
    EXPECT_FALSE(finish({.held = stale, .as = outcome::kind::returned, .at = t0}));
    EXPECT_EQ(info("a")->state, job_state::active);
    EXPECT_TRUE(finish({.held = fresh, .as = outcome::kind::completed, .result = R"("fresh")", .at = t0}));
    EXPECT_EQ(info("a")->result, R"("fresh")");
}

TEST_P(QueueBackend, EndsALeaseOnce) {
    add({make_job("a")});
    const auto held = claim(1).jobs.at(0).held;
    EXPECT_TRUE(finish({.held = held, .at = t0}));
    EXPECT_FALSE(finish({.held = held, .at = t0}));
    EXPECT_FALSE(extend(held, 1min));
}

TEST_P(QueueBackend, KnowsNoLeaseItDidNotGive) {
    add({make_job("a")});
    claim(1);
    for (const auto* token : {"", ":", "1", "1:", ":1", "a:b", "1:1x", "99999999999999999999:1", "-1:1"}) {
        EXPECT_FALSE(finish({.held = {.job = {"mail", "a"}, .fence = 1, .token = token}, .at = t0})) << token;
        EXPECT_FALSE(extend({.job = {"mail", "a"}, .fence = 1, .token = token}, 10s)) << token;
    }
    EXPECT_EQ(info("a")->state, job_state::active);
}

TEST_P(QueueBackend, TellsWhoRunsAJob) {
    add({make_job("a"), make_job("b")});
    const auto taken =
        loop.await(stored->claim({.queues = {"mail"}, .max = 1, .worker = "mill:1:ab", .lease = 10s, .now = t0}));
    loop.await(
        stored->claim({.queues = {"mail"}, .max = 1, .worker = std::string(5000, 'x'), .lease = 10s, .now = t0}));
    EXPECT_EQ(info("a")->worker, "mill:1:ab");
    EXPECT_EQ(info("b")->worker, std::string(max_worker_bytes, 'x'));
    EXPECT_TRUE(finish({.held = taken.jobs.at(0).held, .as = outcome::kind::completed, .at = t0}));
    EXPECT_EQ(info("a")->worker, "");
    EXPECT_EQ(ids_of(claim(1, t0 + 10s)), ids{"b"}) << "its first worker vanished";
    EXPECT_NE(info("b")->worker, std::string(max_worker_bytes, 'x'));
}

} // namespace infra::queue::tests
