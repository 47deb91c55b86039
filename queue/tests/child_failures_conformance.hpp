#pragma once

// What every backend must make of the failures of children, and of those that a person retries.

#include "children_fixture.hpp"

namespace infra::queue::tests {

// --- failures -----------------------------------------------------------------------------------------------------

TEST_P(QueueChildren, FailParentFailsItAtOnce) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    fail_next();
    EXPECT_EQ(parent_state(), job_state::failed);
    EXPECT_EQ(info("p", "albums")->failed_reason, "child mail:c0 failed");
    EXPECT_EQ(info("p", "albums")->attempts_made, 0);
    complete_next(); // the other one runs all the same
    EXPECT_EQ(parent_state(), job_state::failed);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.completed = 1, .failed = 1}));
    EXPECT_EQ(children().at(0).failed_reason, "bad");
}

TEST_P(QueueChildren, FailsAllThatAreAbove) {
    add({make_job("root"), make_child("middle", 0), make_child("leaf", 1)});
    fail_next();
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 3}));
    EXPECT_EQ(info("root")->failed_reason, "child mail:middle failed");
}

TEST_P(QueueChildren, FailsAChainOfAnyLength) {
    std::vector<new_job> family{make_job("root")};
    for (std::size_t i = 0; i < 500; ++i)
        family.push_back(make_child("c" + std::to_string(i), i));
    add(std::move(family));
    fail_next();
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 501}));
}

TEST_P(QueueChildren, ContinueParentReleasesItAtOnce) {
    add_family({child_failure::continue_parent, child_failure::fail_parent});
    fail_next();
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 1, .failed = 1}));
    complete(claim_parent().jobs.at(0)); // it need not wait for the other
    EXPECT_EQ(parent_state(), job_state::completed);
    complete_next();
    EXPECT_EQ(parent_state(), job_state::completed);
}

TEST_P(QueueChildren, IgnoreReleasesItWhenNoneIsPending) {
    add_family({child_failure::ignore, child_failure::ignore});
    fail_next();
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    complete_next("1");
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.completed = 1, .failed = 1}));
    EXPECT_EQ(children().at(0).state, child_state::failed);
    EXPECT_EQ(children().at(0).failed_reason, "bad");
}

TEST_P(QueueChildren, RemoveKeepsNothingOfIt) {
    add_family({child_failure::remove});
    fail_next();
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, children_counts{});
    EXPECT_TRUE(children().empty());
    EXPECT_EQ(info("c0")->state, job_state::failed);
}

TEST_P(QueueChildren, WaitHasItWaitUntilTheChildIsRetriedAndCompletes) {
    add_family({child_failure::wait});
    fail_next();
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(children().at(0).state, child_state::pending);
    EXPECT_EQ(children().at(0).failed_reason, "bad");
    EXPECT_EQ(change(job_change::retry, {"mail", "c0"}), 1u);
    EXPECT_EQ(children().at(0).failed_reason, "");
    complete_next("1");
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(children().at(0).result, "1");
}

TEST_P(QueueChildren, WaitHasItWaitUntilTheChildIsRemoved) {
    add_family({child_failure::wait});
    fail_next();
    EXPECT_EQ(change(job_change::remove, {"mail", "c0"}), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_TRUE(children().empty());
}

TEST_P(QueueChildren, WaitDoesNotOutliveTheRecordOfTheChild) {
    add_family({child_failure::wait});
    fail_next({.count = 0});
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, AJobThatIsCancelledOrExpiresHasFailedForItsParent) {
    add_family({child_failure::ignore, child_failure::fail_parent});
    EXPECT_EQ(change(job_change::cancel, {"mail", "c0"}), 1u);
    EXPECT_EQ(children().at(0).failed_reason, cancelled_reason);
    EXPECT_EQ(change(job_change::cancel, {"mail", "c1"}), 1u);
    EXPECT_EQ(parent_state(), job_state::failed);

    auto late = make_child("late");
    late.expires_at = t0 + 5s;
    add({make_job("q", {}, "albums"), late});
    EXPECT_EQ(claim(10, t0 + 5s).expired.size(), 1u);
    EXPECT_EQ(info("q", "albums")->state, job_state::failed);
}

TEST_P(QueueChildren, TheEndOfAParentThatAChildFailedIsToldAsAnyOther) {
    const auto from = loop.await(stored->events({.queue = "albums", .now = t0})).next;
    add_family({child_failure::fail_parent});
    const auto end = loop.start(stored->wait_for_end({"albums", "p"}));
    fail_next();
    const auto seen = loop.await(stored->events({.queue = "albums", .cursor = from, .now = t0})).events;
    ASSERT_FALSE(seen.empty());
    EXPECT_EQ(seen.back().what, job_event::kind::failed);
    EXPECT_EQ(seen.back().data, "child mail:c0 failed");
    ASSERT_TRUE(loop.until([&] { return end->ended; }));
    EXPECT_EQ(end->value->value().state, job_state::failed);
    EXPECT_EQ(loop.await(stored->history("albums", t0 - 1h, t0 + 1h)).at(0).failed, 1u);
}

// --- retried by a person ------------------------------------------------------------------------------------------

TEST_P(QueueChildren, ARetriedChildIsWaitedForAgainByAParentThatWaits) {
    add_family({child_failure::ignore, child_failure::ignore});
    fail_next();
    EXPECT_EQ(change(job_change::retry, {"mail", "c0"}), 1u);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 2}));
    complete_next();
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    complete_next();
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, AParentThatWasReleasedIsNotCalledBack) {
    add_family({child_failure::ignore});
    fail_next();
    EXPECT_EQ(change(job_change::retry, {"mail", "c0"}), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.failed = 1}));
    complete_next("1");
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.completed = 1}));
}

TEST_P(QueueChildren, AParentThatIsRetriedRunsInSpiteOfWhatFailedIt) {
    add_family({child_failure::fail_parent});
    fail_next();
    EXPECT_EQ(change(job_change::retry, {"albums", "p"}), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting);
    complete(claim_parent().jobs.at(0));
    EXPECT_EQ(parent_state(), job_state::completed);
    EXPECT_EQ(children().at(0).state, child_state::failed);
}

TEST_P(QueueChildren, AParentThatIsRetriedWaitsForWhatIsPending) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    fail_next();
    EXPECT_EQ(change(job_change::retry, {"mail", "c0"}), 1u);
    EXPECT_EQ(change(job_change::retry, {"albums", "p"}), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    complete_next();
    complete_next();
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, AChainThatIsRetriedAsAWholeRunsInItsOrder) {
    for (const std::size_t page : {10u, 2u, 1u}) {
        add({make_job("last"), make_child("middle", 0), make_child("first", 1)});
        fail_next();
        EXPECT_EQ(info("last")->state, job_state::failed);
        change_request all{
            .what = job_change::retry, .filter = {.states = {job_state::failed}}, .max = page, .now = t0};
        std::size_t changed = 0;
        do {
            const auto part = loop.await(stored->change(all));
            changed += part.changed;
            all.cursor = part.next;
        } while (!all.cursor.empty());
        EXPECT_EQ(changed, 3u);
        for (const auto* each : {"first", "middle", "last"}) {
            const auto taken = claim(10);
            ASSERT_EQ(ids_of(taken), ids{each}) << page;
            complete(taken.jobs[0], "1");
        }
        for (const auto* each : {"first", "middle", "last"})
            change(job_change::remove, {"mail", each});
    }
}

TEST_P(QueueChildren, WhatIsRetriedAsAWholeWaitsInTheOrderInWhichItWasAdded) {
    for (const auto* each : {"a", "b", "c"})
        live_and_end(each, outcome::kind::failed, {}, t0);
    loop.await(stored->change({.what = job_change::retry, .filter = {.queue = "mail"}, .now = t0}));
    EXPECT_EQ(ids_of(claim(10)), (ids{"a", "b", "c"}));
}

} // namespace infra::queue::tests
