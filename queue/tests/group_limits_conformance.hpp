#pragma once

// What every backend must do about groups: limits of each.

#include "groups_fixture.hpp"

namespace infra::queue::tests {

// --- limits -------------------------------------------------------------------------------------------------------

TEST_P(QueueGroups, AGroupAtItsLimitStartsNoMore) {
    limit({.concurrency = 2});
    EXPECT_EQ(loop.await(stored->settings("mail")).per_group, (group_limits{.concurrency = 2}));
    add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("b", "b1"), make_job("x")});
    const auto taken = claim(10);
    EXPECT_EQ(ids_of(taken), (ids{"a1", "b1", "x", "a2"}));
    EXPECT_TRUE(claim(10).jobs.empty());
    EXPECT_EQ(counts().waiting, 1u);
    complete(taken.jobs[0]);
    EXPECT_EQ(ids_of(claim(10)), ids{"a3"});
}

TEST_P(QueueGroups, EveryWayInWhichAJobEndsMakesRoom) {
    limit({.concurrency = 1});
    for (const auto how : {outcome::kind::completed, outcome::kind::failed, outcome::kind::returned,
                           outcome::kind::retry, outcome::kind::waits}) {
        const auto n = std::to_string(static_cast<int>(how));
        add({of("a", "first" + n, {.lifo = true})});
        const auto taken = claim(10);
        ASSERT_EQ(ids_of(taken), ids{"first" + n});
        EXPECT_TRUE(claim(10).jobs.empty());
        auto child = make_job("", {}, "side"); // for one that waits
        child.parent = child_of{.parent = taken.jobs[0].held.job};
        const auto id = add({child}).at(0).id;
        loop.await(stored->change({.what = job_change::remove, .jobs = {{"side", id}}, .now = t0}));
        finish({.held = taken.jobs[0].held, .as = how, .at = t0, .keep = {}});
        if (how != outcome::kind::completed && how != outcome::kind::failed)
            EXPECT_EQ(served(2), ids{"first" + n});
    }
    EXPECT_EQ(counts().active, 0u);
}

TEST_P(QueueGroups, AGroupThatIsAtItsLimitHoldsUpNobody) {
    limit({.concurrency = 1});
    add({of("a", "a1"), of("a", "a2"), of("a", "a3")});
    claim(1);
    add({of("b", "b1"), make_job("x")});
    EXPECT_EQ(ids_of(claim(10)), (ids{"b1", "x"}));
}

TEST_P(QueueGroups, WakesAClaimThatWaitsWhenAGroupMayStartAgain) {
    limit({.concurrency = 1});
    add({of("a", "a1"), of("a", "a2")});
    const auto taken = claim(10);
    auto waiting = waiting_claim();
    waiting.due = t0 + 10s; // when the lease ends
    const auto claiming = wait_to_claim(waiting);
    complete(taken.jobs.at(0));
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"a2"});
}

TEST_P(QueueGroups, ALimitHoldsAtOnceAndUntilItIsLifted) {
    add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("a", "a4")});
    EXPECT_EQ(claim(2).jobs.size(), 2u);
    limit({.concurrency = 2});
    EXPECT_TRUE(claim(10).jobs.empty());
    limit({});
    EXPECT_EQ(ids_of(claim(10)), (ids{"a3", "a4"}));
}

TEST_P(QueueGroups, StartsSoManyOfEachWithinATime) {
    limit({.rate = {.max = 2, .duration = 10s}});
    add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("b", "b1"), make_job("x"), make_job("y"), make_job("z")});
    EXPECT_EQ(served(10, t0 + 1s), (ids{"a1", "b1", "x", "y", "z", "a2"}));
    const auto none = claim(10, t0 + 10s);
    EXPECT_TRUE(none.jobs.empty());
    EXPECT_LE(none.next_due, t0 + 11s);
    EXPECT_GE(none.next_due, t0 + (subject.traits.goes_by_callers_clock ? 11s : 10s)); // else some time has passed
    EXPECT_EQ(served(10, t0 + 11s), ids{"a3"});
}

TEST_P(QueueGroups, AGroupWithoutJobsKeepsItsWindow) {
    limit({.rate = {.max = 1, .duration = 10s}});
    add({of("a", "a1")});
    EXPECT_EQ(served(1), ids{"a1"});
    auto later = of("a", "a2");
    add({later});
    EXPECT_TRUE(claim(10, t0 + 9s).jobs.empty());
    EXPECT_EQ(served(2, t0 + 10s), ids{"a2"});
}

TEST_P(QueueGroups, AWindowIsNotWaitedForWhenTheClockIsPutBack) {
    if (!subject.traits.goes_by_callers_clock)
        GTEST_SKIP() << "no clock of its callers ends a window";
    limit({.rate = {.max = 1, .duration = 10s}});
    add({of("a", "a1"), of("a", "a2")});
    EXPECT_EQ(served(2), ids{"a1"});
    EXPECT_EQ(served(1, t0 - 1h), ids{"a2"});
}

TEST_P(QueueGroups, ANewRateBeginsAnew) {
    limit({.rate = {.max = 1, .duration = 10s}});
    add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("a", "a4")});
    EXPECT_EQ(served(2), ids{"a1"});
    limit({.rate = {.max = 2, .duration = 10s}});
    EXPECT_EQ(served(4), (ids{"a2", "a3"}));
    limit({});
    EXPECT_EQ(served(4), ids{"a4"});
}

TEST_P(QueueGroups, HoldBesideTheLimitsOfTheirQueue) {
    limit({.concurrency = 1});
    loop.await(stored->configure({.queue = "mail", .concurrency = 2}));
    add({of("a", "a1"), of("a", "a2"), of("b", "b1"), of("c", "c1")});
    EXPECT_EQ(ids_of(claim(10)), (ids{"a1", "b1"}));
    EXPECT_TRUE(claim(10).jobs.empty());
    loop.await(stored->configure({.queue = "mail", .paused = true, .concurrency = 0}));
    EXPECT_TRUE(claim(10).jobs.empty());
    loop.await(stored->configure({.queue = "mail", .paused = false}));
    EXPECT_EQ(ids_of(claim(10)), ids{"c1"});
}

TEST_P(QueueGroups, AQueueWhoseGroupsAreAllAtTheirLimitsTakesNoShare) {
    limit({.concurrency = 1});
    add({of("a", "a1"), of("a", "a2"), make_job("i1", {}, "images"), make_job("i2", {}, "images")});
    EXPECT_EQ(ids_of(claim(1)), ids{"a1"});
    EXPECT_EQ(ids_of(claim(2, t0, {"mail", "images"})), (ids{"i1", "i2"}));
}

TEST_P(QueueGroups, HoldForOtherProcesses) {
    limit({.concurrency = 1});
    add({of("a", "a1"), of("a", "a2"), of("b", "b1")});
    const auto taken = claim(1);
    const auto other = subject.open_again();
    const claim_request request{.queues = {"mail"}, .max = 10, .worker = "o", .lease = 10s, .now = t0};
    EXPECT_EQ(ids_of(loop.await(other->claim(request))), ids{"b1"});
    complete(taken.jobs.at(0));
    EXPECT_EQ(ids_of(loop.await(other->claim(request))), ids{"a2"});
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueGroups, AreForgottenWithTheirQueue) {
    limit({.concurrency = 1});
    add({of("a", "a1")});
    EXPECT_EQ(served(1), ids{"a1"});
    EXPECT_EQ(change(job_change::remove, "a1"), 1u);
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    add({of("a", "a2"), of("a", "a3")});
    EXPECT_EQ(ids_of(claim(10)), (ids{"a2", "a3"}));
}

} // namespace infra::queue::tests
