#pragma once

// What every backend must make of children that somebody takes away.

#include "children_fixture.hpp"

namespace infra::queue::tests {

class QueueChildRemovals : public QueueChildren {
protected:
    /// As drain, clean, obliterate and remove_all do.
    std::size_t clear(job_filter which) {
        return loop.await(stored->change({.what = job_change::remove, .filter = std::move(which), .now = t0})).changed;
    }
    std::size_t drain(std::string queue = "mail") {
        return clear({.queue = std::move(queue), .states = {job_state::waiting}});
    }
};

TEST_P(QueueChildRemovals, AParentDoesNotRunOnChildrenThatWereClearedAway) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    EXPECT_EQ(drain(), 2u);
    EXPECT_EQ(parent_state(), job_state::failed);
    EXPECT_EQ(info("p", "albums")->failed_reason, "child mail:c0 failed");
    EXPECT_EQ(children().at(0).failed_reason, removed_reason);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail"}));
}

TEST_P(QueueChildRemovals, NorDoesOneOfTheSameQueueOrAnyAboveIt) {
    add({make_job("root"), make_child("middle", 0), make_child("leaf", 1)});
    EXPECT_EQ(drain(), 1u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .failed = 2}));
    EXPECT_EQ(info("root")->failed_reason, "child mail:middle failed");
}

TEST_P(QueueChildRemovals, ItsOtherPoliciesSayWhatItDoes) {
    add_family({child_failure::ignore, child_failure::remove});
    EXPECT_EQ(drain(), 2u);
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.failed = 1}));
    change(job_change::remove, {"albums", "p"});

    add_family({child_failure::continue_parent});
    EXPECT_EQ(drain(), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(children().at(0).failed_reason, removed_reason);
    change(job_change::remove, {"albums", "p"});

    add_family({child_failure::wait}); // until a person removes it
    EXPECT_EQ(drain(), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_TRUE(children().empty());
}

TEST_P(QueueChildRemovals, OfOneThatIsOverNothingChangesForItsParent) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    complete_next("1");
    EXPECT_EQ(clear({.queue = "mail", .states = {job_state::completed}}), 1u);
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(children().at(0).result, "1");
}

TEST_P(QueueChildRemovals, AParentThatIsClearedAwayWithThemIsGone) {
    add({make_job("p"), make_child("c")});
    EXPECT_EQ(clear({.queue = "mail"}), 2u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail"}));
}

TEST_P(QueueChildRemovals, AParentThatRunsFailsOnceItsRunEnds) {
    add({make_job("p", {}, "albums")});
    const auto running = claim_parent().jobs.at(0);
    auto child = make_job("c");
    child.parent = child_of{.parent = {"albums", "p"}};
    add({child});
    EXPECT_EQ(drain(), 1u);
    EXPECT_EQ(parent_state(), job_state::active);
    finish({.held = running.held, .as = outcome::kind::waits, .at = t0, .keep = {}});
    EXPECT_EQ(parent_state(), job_state::failed);
}

TEST_P(QueueChildRemovals, AParentThatIsNotKeptIsGoneBecauseOfThem) {
    auto parent = make_job("p", {}, "albums");
    parent.options.keep_failed = keep{.count = 0};
    add({parent, make_child("a"), make_child("b")});
    EXPECT_EQ(drain(), 2u);
    EXPECT_FALSE(info("p", "albums"));
}

} // namespace infra::queue::tests
