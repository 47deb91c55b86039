#pragma once

// What every backend must remember of children, and for how long.

#include "children_fixture.hpp"

namespace infra::queue::tests {

// --- records ------------------------------------------------------------------------------------------------------

TEST_P(QueueChildren, ResultsOutliveTheRecordsOfChildren) {
    add_family({child_failure::fail_parent});
    finish({.held = claim().jobs.at(0).held, .result = "7", .at = t0, .keep = {.count = 0}});
    EXPECT_FALSE(info("c0"));
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(children().at(0).result, "7");
}

TEST_P(QueueChildren, AChildThatIsRemovedIsWaitedForNoLonger) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    change(job_change::remove, {"mail", "c0"});
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 1}));
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    change(job_change::remove, {"mail", "c1"});
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, WhatBecameOfAChildStaysWhenItIsRemovedLater) {
    add_family({child_failure::fail_parent});
    complete_next("7");
    change(job_change::remove, {"mail", "c0"});
    EXPECT_EQ(children().at(0).result, "7");
}

TEST_P(QueueChildren, ChildrenOfAParentThatIsRemovedGoOn) {
    add_family({child_failure::fail_parent});
    EXPECT_EQ(change(job_change::remove, {"albums", "p"}), 1u);
    EXPECT_TRUE(children().empty());
    complete_next();
    EXPECT_EQ(info("c0")->state, job_state::completed);
    EXPECT_EQ(counts("albums"), (queue_counts{.queue = "albums"}));
    EXPECT_TRUE(loop.await(stored->forget_queue("albums")));
}

TEST_P(QueueChildren, CancelsAParentThatWaits) {
    add_family({child_failure::fail_parent});
    EXPECT_EQ(change(job_change::cancel, {"albums", "p"}), 1u);
    EXPECT_EQ(parent_state(), job_state::failed);
    complete_next();
    EXPECT_EQ(parent_state(), job_state::failed);
    EXPECT_EQ(change(job_change::promote, {"albums", "p"}), 0u);
}

TEST_P(QueueChildren, ListsAndCountsThoseThatWait) {
    add_family({child_failure::fail_parent});
    const auto page = loop.await(stored->list({.filter = {.states = {job_state::waiting_children}}}));
    ASSERT_EQ(page.jobs.size(), 1u);
    EXPECT_EQ(page.jobs[0].id, "p");
    EXPECT_EQ(page.jobs[0].children, (children_counts{.pending = 1}));
}

TEST_P(QueueChildren, CountAsWaitingForTheLengthOfAQueue) {
    loop.await(stored->configure({.queue = "albums", .max_length = 1}));
    add_family({child_failure::fail_parent});
    EXPECT_EQ(refusal({make_job("q", {}, "albums")}), errc::full);
    complete_next();
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, TellsThoseWhoFollowTheQueue) {
    const auto from = loop.await(stored->events({.queue = "albums", .now = t0})).next;
    add_family({child_failure::fail_parent});
    complete_next();
    std::vector<job_event::kind> seen;
    for (const auto& each : loop.await(stored->events({.queue = "albums", .cursor = from, .now = t0})).events)
        seen.push_back(each.what);
    using kind = job_event::kind;
    EXPECT_EQ(seen, (std::vector{kind::added, kind::waiting_children, kind::waiting}));
}

TEST_P(QueueChildren, GoWithTheJobThatWaitsForThemIfThatIsWanted) {
    for (const auto what : {job_change::remove, job_change::cancel}) {
        auto later = make_child("later", 0);
        later.run_at = t0 + 1h;
        add({make_job("root"), make_child("middle", 0), make_child("leaf", 1), later, make_child("done", 1),
             make_job("other")});
        const auto taken = claim(2);
        EXPECT_EQ(ids_of(taken), (ids{"leaf", "done"}));
        complete(taken.jobs.at(1));
        finish({.held = taken.jobs.at(0).held, .as = outcome::kind::returned, .at = t0});
        EXPECT_EQ(
            loop.await(stored->change({.what = what, .jobs = {{"mail", "root"}}, .now = t0, .with_children = true}))
                .changed,
            4u);
        EXPECT_EQ(counts().waiting, 1u) << "the one that is no child";
        EXPECT_EQ(counts().delayed + counts().waiting_children, 0u);
        EXPECT_EQ(counts().completed, 1u) << "had ended";
        EXPECT_EQ(counts().failed, what == job_change::cancel ? 4u : 0u);
        change(job_change::remove, {"mail", "done"});
        change(job_change::remove, {"mail", "other"});
    }
}

TEST_P(QueueChildren, StayIfTheJobThatWaitsForThemIsInNoStateForTheChange) {
    add_family({child_failure::continue_parent, child_failure::ignore});
    fail_next();
    const auto running = claim_parent().jobs.at(0);
    EXPECT_EQ(loop.await(stored->change(
                             {.what = job_change::remove, .jobs = {{"albums", "p"}}, .now = t0, .with_children = true}))
                  .changed,
              0u);
    EXPECT_EQ(info("c1")->state, job_state::waiting);
    complete(running);
}

TEST_P(QueueChildren, OfAParentOfManyAreForgottenBitByBit) {
    std::vector<new_job> family{make_job("p", {}, "albums")};
    for (int i = 0; i < 2500; ++i)
        family.push_back(make_child("", 0, child_failure::ignore));
    add(family);
    EXPECT_EQ(change(job_change::remove, {"albums", "p"}), 1u);
    EXPECT_TRUE(children().empty());
    family.resize(2);
    add(family); // nothing of it is in the way
    EXPECT_EQ(children().size(), 1u);
    for (int i = 0; i < 5; ++i)
        claim(1);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 1}));
}

} // namespace infra::queue::tests
