#pragma once

// What every backend must do about groups: turns.

#include "groups_fixture.hpp"

namespace infra::queue::tests {

// --- turns --------------------------------------------------------------------------------------------------------

TEST_P(QueueGroups, AreServedInTurns) {
    add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("b", "b1"), of("b", "b2"), of("c", "c1")});
    EXPECT_EQ(counts().waiting, 6u);
    EXPECT_EQ(counts().groups, 3u);
    EXPECT_EQ(info("a2")->group, "a");
    EXPECT_EQ(info("a2")->state, job_state::waiting);
    EXPECT_EQ(served(6), (ids{"a1", "b1", "c1", "a2", "b2", "a3"}));
    EXPECT_EQ(counts().groups, 0u);
}

TEST_P(QueueGroups, AreServedInTurnsWithinOneClaim) {
    add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("b", "b1"), of("b", "b2"), of("c", "c1")});
    EXPECT_EQ(ids_of(claim(4)), (ids{"a1", "b1", "c1", "a2"}));
    EXPECT_EQ(ids_of(claim(4)), (ids{"b2", "a3"}));
}

TEST_P(QueueGroups, OneThatComesLateWaitsForNoMoreThanATurn) {
    std::vector<new_job> many;
    for (int i = 0; i < 500; ++i)
        many.push_back(of("big", "big" + std::to_string(i)));
    add(std::move(many));
    EXPECT_EQ(served(3).size(), 3u);
    add({of("small", "small")});
    EXPECT_EQ(served(2), (ids{"big3", "small"}));
    EXPECT_EQ(counts().waiting, 496u);
}

TEST_P(QueueGroups, JobsOfNoGroupStandInTheSameLineByThemselves) {
    add({of("a", "a1"), of("a", "a2"), make_job("x"), make_job("y"), of("a", "a3")});
    EXPECT_EQ(served(5), (ids{"a1", "x", "y", "a2", "a3"}));
}

TEST_P(QueueGroups, QueuesKeepTheirGroupsApart) {
    auto other = of("a", "o1");
    other.queue = "images";
    add({of("a", "a1"), of("a", "a2"), other});
    limit({.concurrency = 1});
    EXPECT_EQ(ids_of(claim(10)), ids{"a1"});
    EXPECT_EQ(ids_of(claim(10, t0, {"images"})), ids{"o1"});
}

TEST_P(QueueGroups, TheFirstOfAGroupIsTheOneOfSmallestPriority) {
    add({of("a", "a5", {.priority = 5}), of("b", "b3", {.priority = 3}), of("a", "a1", {.priority = 1}),
         of("b", "b1", {.priority = 1}), make_job("x", {.priority = 2})});
    EXPECT_EQ(served(5), (ids{"a1", "b1", "x", "b3", "a5"}));
}

TEST_P(QueueGroups, PrioritiesHoldWithinOneClaimToo) {
    add({of("a", "a1", {.priority = 1}), of("a", "a2", {.priority = 1}), make_job("x", {.priority = 2}),
         make_job("y", {.priority = 2}), of("a", "a3", {.priority = 3})});
    EXPECT_EQ(ids_of(claim(3)), (ids{"a1", "a2", "x"}));
    EXPECT_EQ(ids_of(claim(3)), (ids{"y", "a3"}));
}

TEST_P(QueueGroups, LifoIsInFrontOfItsGroup) {
    add({of("a", "a1"), of("a", "a2"), of("b", "b1"), of("a", "a3", {.lifo = true})});
    EXPECT_EQ(served(4), (ids{"a3", "b1", "a1", "a2"}));
}

TEST_P(QueueGroups, WhatIsGivenBackStandsInFrontOfItsGroup) {
    add({of("a", "a1"), of("a", "a2"), of("b", "b1")});
    const auto taken = claim(1).jobs.at(0);
    finish({.held = taken.held, .as = outcome::kind::returned, .at = t0});
    EXPECT_EQ(served(3), (ids{"b1", "a1", "a2"}));
}

TEST_P(QueueGroups, WhatIsTriedAgainAtOnceStandsInFrontOfItsGroup) {
    add({of("a", "a1", {.attempts = 2}), of("a", "a2"), of("b", "b1")});
    const auto taken = claim(1).jobs.at(0);
    finish({.held = taken.held, .as = outcome::kind::retry, .reason = "busy", .at = t0});
    EXPECT_EQ(served(3), (ids{"b1", "a1", "a2"}));
}

TEST_P(QueueGroups, WhatADeadWorkerHadStandsInFrontOfItsGroup) {
    add({of("a", "a1"), of("a", "a2"), of("b", "b1")});
    claim(1);
    EXPECT_EQ(served(3, t0 + 10s), (ids{"b1", "a1", "a2"}));
}

TEST_P(QueueGroups, ADelayedJobJoinsItsGroupWhenItIsDue) {
    auto delayed = of("a", "a2");
    delayed.run_at = t0 + 5s;
    add({of("a", "a1"), delayed, of("a", "a3")});
    EXPECT_EQ(served(1, t0 + 5s), ids{"a1"});
    EXPECT_EQ(served(2, t0 + 5s), (ids{"a3", "a2"}));
    auto alone = of("c", "c1");
    alone.run_at = t0 + 9s;
    add({alone});
    EXPECT_EQ(served(1, t0 + 9s), ids{"c1"});
}

TEST_P(QueueGroups, AJobWhoseGroupHasNoOtherIsOneOfItInOtherProcessesToo) {
    auto delayed = of("a", "a1");
    delayed.run_at = t0 + 5s;
    add({delayed});
    const auto other = subject.open_again();
    loop.await(other->claim({.queues = {"mail"}, .max = 0, .worker = "o", .now = t0 + 5s}));
    loop.await(other->stop(deadline::after(30s)));
    EXPECT_EQ(counts().groups, 1u);
    EXPECT_EQ(served(2, t0 + 5s), ids{"a1"});
    EXPECT_EQ(counts().groups, 0u);
}

TEST_P(QueueGroups, AHeadThatLeavesWithoutBeingTakenLeavesItsTurnToTheNext) {
    auto late = of("c", "c1");
    late.expires_at = t0 + 5s;
    add({of("a", "a1"), of("a", "a2"), of("b", "b1"), of("b", "b2"), late, of("c", "c2"), make_job("x")});
    EXPECT_EQ(change(job_change::remove, "a1"), 1u);
    EXPECT_EQ(change(job_change::cancel, "b1"), 1u);
    EXPECT_EQ(served(4, t0 + 5s), (ids{"a2", "b2", "c2", "x"}));
}

TEST_P(QueueGroups, WhatIsRemovedFromBehindTheHeadIsGone) {
    add({of("a", "a1"), of("a", "a2"), of("a", "a3")});
    EXPECT_EQ(change(job_change::remove, "a2"), 1u);
    EXPECT_EQ(counts().waiting, 2u);
    EXPECT_EQ(served(3), (ids{"a1", "a3"}));
}

TEST_P(QueueGroups, BehindTheHeadTimeToLiveHoldsToo) {
    auto late = of("a", "a2");
    late.expires_at = t0 + 5s;
    add({of("a", "a1"), late, of("a", "a3")});
    const auto taken = claim(10, t0 + 5s);
    EXPECT_EQ(taken.expired, (std::vector<job_key>{{"mail", "a2"}}));
    EXPECT_EQ(ids_of(taken), (ids{"a1", "a3"}));
}

TEST_P(QueueGroups, WhatARetryBringsBackJoinsItsGroup) {
    add({of("a", "a1")});
    const auto taken = claim(1).jobs.at(0);
    finish({.held = taken.held, .as = outcome::kind::failed, .reason = "bad", .at = t0, .keep = {}});
    EXPECT_EQ(change(job_change::retry, "a1"), 1u);
    EXPECT_EQ(counts().groups, 1u);
    EXPECT_EQ(served(1), ids{"a1"});
}

TEST_P(QueueGroups, AreFiltered) {
    add({of("a", "a1"), of("b", "b1"), of("a", "a2"), make_job("x")});
    const auto page = loop.await(stored->list({.filter = {.queue = "mail", .group = "a"}}));
    ASSERT_EQ(page.jobs.size(), 2u);
    EXPECT_EQ(page.jobs[1].id, "a2");
    change_request all{.what = job_change::remove, .filter = {.queue = "mail", .group = "a"}, .now = t0};
    EXPECT_EQ(loop.await(stored->change(all)).changed, 2u);
    EXPECT_EQ(served(3), (ids{"b1", "x"}));
}

TEST_P(QueueGroups, AParentJoinsItsGroupWhenItIsReleased) {
    auto child = make_job("c");
    child.parent = child_of{.place = 0};
    add({of("a", "p"), child, of("a", "a1")});
    EXPECT_EQ(served(1), ids{"c"});
    EXPECT_EQ(served(2), (ids{"p", "a1"}));
}

} // namespace infra::queue::tests
