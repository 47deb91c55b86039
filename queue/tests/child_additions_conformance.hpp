#pragma once

// What every backend must do where children are added: by a job that runs, and where ids are known already.

#include "children_fixture.hpp"

namespace infra::queue::tests {

// --- from a running job -------------------------------------------------------------------------------------------

TEST_P(QueueChildren, AJobAddsChildrenWhileItRunsAndWaitsForThem) {
    add({make_job("p", {}, "albums")});
    const auto first = claim_parent().jobs.at(0);
    auto child = make_job("c");
    child.parent = child_of{.parent = {"albums", "p"}, .token = first.held.token};
    add({child});
    EXPECT_TRUE(finish({.held = first.held, .as = outcome::kind::waits, .at = t0}));
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(info("p", "albums")->attempts_made, 0);
    complete_next("1");
    const auto second = claim_parent().jobs.at(0);
    EXPECT_EQ(second.attempts_made, 0);
    EXPECT_GT(second.held.fence, first.held.fence);
    EXPECT_EQ(children().at(0).result, "1");
}

TEST_P(QueueChildren, AJobThatWaitsForNoneRunsAgainAtOnce) {
    add({make_job("p", {}, "albums")});
    auto running = claim_parent().jobs.at(0);
    auto child = make_job("c");
    child.parent = child_of{.parent = {"albums", "p"}, .token = running.held.token};
    add({child});
    complete_next();
    finish({.held = running.held, .as = outcome::kind::waits, .at = t0});
    EXPECT_EQ(ids_of(claim_parent()), ids{"p"});
}

// Otherwise it would run again and again, as it ran just now.
TEST_P(QueueChildren, AJobThatWaitsThoughNothingOfItsChildrenIsNewFails) {
    add({make_job("p", {}, "albums")});
    finish({.held = claim_parent().jobs.at(0).held, .as = outcome::kind::waits, .at = t0, .keep = {}});
    EXPECT_EQ(parent_state(), job_state::failed);
    EXPECT_EQ(info("p", "albums")->failed_reason, nothing_to_wait_for_reason);
    EXPECT_EQ(info("p", "albums")->attempts_made, 0);
    change(job_change::remove, {"albums", "p"});

    add_family({child_failure::fail_parent});
    complete_next("1");
    finish({.held = claim_parent().jobs.at(0).held, .as = outcome::kind::waits, .at = t0, .keep = {}});
    EXPECT_EQ(parent_state(), job_state::failed);
}

TEST_P(QueueChildren, AJobThatAddsTheSameAgainAndWaitsEachTimeFails) {
    add({make_job("p", {}, "albums")});
    const auto add_and_wait = [&] {
        const auto run = claim_parent().jobs.at(0);
        add({make_later_child_of(run, "c")});
        finish({.held = run.held, .as = outcome::kind::waits, .at = t0, .keep = {}});
    };
    add_and_wait();
    complete_next();
    add_and_wait();
    EXPECT_EQ(info("p", "albums")->failed_reason, nothing_to_wait_for_reason);
}

TEST_P(QueueChildren, AJobThatWaitsRunsAgainIfAChildEndedOrWentMeanwhile) {
    for (const auto what : {job_change::cancel, job_change::remove}) {
        add_family({child_failure::continue_parent, child_failure::ignore});
        fail_next();
        const auto running = claim_parent().jobs.at(0); // which sees one that is pending
        change(what, {"mail", "c1"});
        finish({.held = running.held, .as = outcome::kind::waits, .at = t0});
        EXPECT_EQ(parent_state(), job_state::waiting) << to_string(what);
        finish({.held = claim_parent().jobs.at(0).held, .as = outcome::kind::waits, .at = t0, .keep = {}});
        EXPECT_EQ(parent_state(), job_state::failed) << to_string(what);
        for (const auto* each : {"c0", "c1"})
            change(job_change::remove, {"mail", each});
        change(job_change::remove, {"albums", "p"});
    }
}

TEST_P(QueueChildren, AJobThatReturnsBeforeItsChildrenAreDoneFails) {
    add({make_job("p", {}, "albums")});
    const auto running = claim_parent().jobs.at(0);
    auto child = make_job("c");
    child.parent = child_of{.parent = {"albums", "p"}};
    add({child});
    EXPECT_TRUE(complete(running));
    EXPECT_EQ(parent_state(), job_state::failed);
    EXPECT_EQ(info("p", "albums")->failed_reason, unfinished_children_reason);
}

TEST_P(QueueChildren, AChildThatFailsFailsTheJobThatRunsOnceThatEnds) {
    const std::vector<outcome::kind> ends{outcome::kind::completed, outcome::kind::retry, outcome::kind::returned,
                                          outcome::kind::waits};
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto id = "p" + std::to_string(i);
        add({make_job(id, {}, "albums")});
        const auto running = claim_parent().jobs.at(0);
        auto child = make_job("c" + std::to_string(i));
        child.parent = child_of{.parent = {"albums", id}};
        add({child});
        fail_next();
        EXPECT_EQ(info(id, "albums")->state, job_state::active);
        EXPECT_TRUE(finish({.held = running.held, .as = ends[i], .at = t0, .keep = {}}));
        EXPECT_EQ(info(id, "albums")->state, job_state::failed);
        EXPECT_EQ(info(id, "albums")->failed_reason, "child mail:" + child.id + " failed");
    }
}

TEST_P(QueueChildren, AChildThatFailsFailsAJobWhoseWorkerVanished) {
    add({make_job("p", {}, "albums")});
    claim_parent();
    auto child = make_job("c");
    child.parent = child_of{.parent = {"albums", "p"}};
    add({child});
    fail_next();
    EXPECT_EQ(claim_parent(t0 + 10s).rescued.size(), 1u);
    EXPECT_EQ(parent_state(), job_state::failed);
}

TEST_P(QueueChildren, ARunThatLostItsLeaseAddsNoChildren) {
    add({make_job("p")});
    const auto stale = claim().jobs.at(0);
    EXPECT_EQ(ids_of(claim(1, t0 + 10s)), ids{"p"});
    EXPECT_EQ(refusal({make_later_child("c", "p", stale.held.token)}), infra::errc::invalid_state);
    EXPECT_FALSE(info("c"));
}

TEST_P(QueueChildren, OnlyAJobThatRunsOrWaitsForChildrenGetsMore) {
    add({make_job("waiting")});
    EXPECT_EQ(refusal({make_job("other"), make_later_child("c", "waiting")}), infra::errc::invalid_state);
    EXPECT_EQ(refusal({make_later_child("c", "unheard-of")}), infra::errc::invalid_state);
    EXPECT_FALSE(info("other"));
    add({make_job("p"), make_child("first")});
    add({make_later_child("second", "p")});
    EXPECT_EQ(info("p")->children, (children_counts{.pending = 2}));
}

// --- ids and duplicates -------------------------------------------------------------------------------------------

TEST_P(QueueChildren, AFamilyIsAddedAsAWholeOrNotAtAll) {
    loop.await(stored->configure({.queue = "mail", .max_length = 1}));
    EXPECT_EQ(refusal({make_job("p", {}, "albums"), make_child("a"), make_child("b")}), errc::full);
    EXPECT_FALSE(info("p", "albums"));
    EXPECT_FALSE(info("a"));
}

TEST_P(QueueChildren, AFamilyThatIsThereIsNotAddedAgain) {
    const std::vector<new_job> family{make_job("p", {}, "albums"), make_child(""), make_child("named")};
    add(family);
    const auto again = add(family);
    EXPECT_EQ(again[0].how, addition::existed);
    EXPECT_EQ(again[1].how, addition::left_out);
    EXPECT_EQ(again[2].how, addition::left_out);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 2}));
}

TEST_P(QueueChildren, AJobThatIsThereBecomesAChild) {
    add({make_job("there")});
    const auto added = add({make_job("p", {}, "albums"), make_child("there")});
    EXPECT_EQ(added[1].how, addition::existed);
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(info("there")->parent, (job_key{"albums", "p"}));
    complete_next("1");
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(children().at(0).result, "1");
}

TEST_P(QueueChildren, AJobThatIsOverCountsAsHavingEndedNow) {
    live_and_end("good", outcome::kind::completed, {}, t0);
    add({make_job("p", {}, "albums"), make_child("good")});
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.completed = 1}));
    live_and_end("bad", outcome::kind::failed, {}, t0);
    add({make_job("q", {}, "albums"), make_child("bad")});
    EXPECT_EQ(info("q", "albums")->state, job_state::failed);
    change(job_change::remove, {"albums", "q"});
    add({make_job("r", {}, "albums"), make_child("bad", 0, child_failure::ignore), make_child("new")});
    EXPECT_EQ(info("r", "albums")->children, (children_counts{.pending = 1, .failed = 1}));
    EXPECT_EQ(info("r", "albums")->state, job_state::waiting_children);
}

TEST_P(QueueChildren, AreAllThereBeforeOneThatIsOverMayReleaseTheirParent) {
    live_and_end("good", outcome::kind::completed, {}, t0);
    add({make_job("p", {}, "albums"), make_child("good"), make_child("new")});
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 1, .completed = 1}));
    EXPECT_EQ(ids_of(claim_parent()), ids{});
    complete_next();
    EXPECT_EQ(ids_of(claim_parent()), ids{"p"});
}

TEST_P(QueueChildren, AreAllThereBeforeAParentWithinTheTreeIsReleased) {
    live_and_end("good", outcome::kind::completed, {}, t0);
    add({make_job("p", {}, "albums"), make_child("c", 0, child_failure::fail_parent, "albums"), make_child("good", 1),
         make_child("new", 1)});
    EXPECT_EQ(info("c", "albums")->state, job_state::waiting_children);
    complete_next();
    EXPECT_EQ(ids_of(claim_parent()), ids{"c"});
}

TEST_P(QueueChildren, AreAllThereBeforeOneThatReplacesAnotherMayReleaseTheirParent) {
    auto first = make_child("first");
    first.run_at = t0 + 1h;
    first.deduplicate = deduplication{.id = "d", .replace = true};
    auto second = first;
    second.id = "second";
    EXPECT_EQ(add({make_job("p", {}, "albums"), first, second}).at(2).how, addition::replaced);
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 1}));
}

TEST_P(QueueChildren, OfAParentThatIsStoredReplaceEachOtherWithoutReleasingIt) {
    auto first = make_child("first");
    first.run_at = t0 + 1h;
    first.deduplicate = deduplication{.id = "d", .replace = true};
    add({make_job("p"), first});
    auto second = make_later_child("second", "p");
    second.run_at = first.run_at;
    second.deduplicate = first.deduplicate;
    EXPECT_EQ(add({second}).at(0).how, addition::replaced);
    EXPECT_EQ(info("p")->state, job_state::waiting_children);
    EXPECT_EQ(info("p")->children, (children_counts{.pending = 1}));
}

TEST_P(QueueChildren, AreAllThereBeforeTheirParentFailsWhetherOrNotItIsKept) {
    live_and_end("bad", outcome::kind::failed, {}, t0);
    for (const std::size_t kept : {0u, 10u}) {
        auto parent = make_job("p", {}, "albums");
        parent.options.keep_failed = keep{.count = kept};
        const auto added = add({parent, make_child("bad"), make_child("new")});
        EXPECT_EQ(added[1].how, addition::existed);
        EXPECT_EQ(added[2].how, addition::created);
        EXPECT_EQ(info("p", "albums").has_value(), kept > 0);
        EXPECT_EQ(info("new")->state, job_state::waiting); // as others whose parent has failed
        change(job_change::remove, {"mail", "new"});
    }
}

TEST_P(QueueChildren, AreRefusedTogetherThoughTheirParentWouldBeGoneBefore) {
    live_and_end("bad", outcome::kind::failed, {}, t0);
    add({make_job("other"), make_child("taken")});
    auto parent = make_job("p", {}, "albums");
    parent.options.keep_failed = keep{.count = 0};
    EXPECT_EQ(refusal({parent, make_child("bad"), make_child("taken")}), infra::errc::invalid_state);
    EXPECT_EQ(info("bad")->parent, std::nullopt);
}

TEST_P(QueueChildren, OneThatIsOverAndWouldLeaveNoTraceIsNone) {
    live_and_end("bad", outcome::kind::failed, {}, t0);
    add({make_job("p", {}, "albums"), make_child("bad", 0, child_failure::remove)});
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_TRUE(children().empty());
    EXPECT_EQ(info("bad")->parent, std::nullopt);
}

TEST_P(QueueChildren, OfAJobThatMayBeKeptForLaterAreRefused) {
    auto parent = make_job("p", {}, "albums");
    parent.deduplicate = deduplication{.id = "d", .keep_last_if_active = true};
    EXPECT_THROW(loop.await(stored->enqueue({parent, make_child("c")})), std::invalid_argument);
    EXPECT_FALSE(info("c"));
}

TEST_P(QueueChildren, AChildHasOneParent) {
    add({make_job("p", {}, "albums"), make_child("c")});
    EXPECT_EQ(refusal({make_job("q", {}, "albums"), make_child("c")}), infra::errc::invalid_state);
    EXPECT_FALSE(info("q", "albums"));
    change(job_change::remove, {"albums", "p"});
    add({make_job("q", {}, "albums"), make_child("c")});
    EXPECT_EQ(info("c")->parent, (job_key{"albums", "q"}));
}

TEST_P(QueueChildren, NobodyWaitsForItself) {
    EXPECT_THROW(loop.await(stored->enqueue({make_job("p"), make_child("p")})), std::invalid_argument);
    add({make_job("root"), make_child("leaf")});
    const auto leaf = claim().jobs.at(0);
    EXPECT_EQ(refusal({make_later_child("root", "leaf", leaf.held.token)}), infra::errc::invalid_state);
    EXPECT_EQ(refusal({make_later_child("leaf", "leaf", leaf.held.token)}), infra::errc::invalid_state);
    EXPECT_EQ(refusal({make_later_child("between", "root"), make_child("root", 0)}), infra::errc::invalid_state);
    EXPECT_FALSE(info("between"));
}

TEST_P(QueueChildren, ADuplicateIsNoChild) {
    auto holder = make_job("holder");
    holder.deduplicate = deduplication{.id = "d"};
    add({holder});
    auto child = make_child("c");
    child.deduplicate = deduplication{.id = "d"};
    const auto added = add({make_job("p", {}, "albums"), child});
    EXPECT_EQ(added[1].how, addition::deduplicated);
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(info("p", "albums")->children, children_counts{});
}

// Another family's child is not asked for by what is left out.
TEST_P(QueueChildren, ThoseOfADuplicateWithinTheCallAreLeftOut) {
    add({make_job("p", {}, "albums"), make_child("theirs")});
    auto holder = make_job("holder");
    auto duplicate = make_job("duplicate");
    holder.deduplicate = duplicate.deduplicate = deduplication{.id = "d"};
    const auto added = add({holder, duplicate, make_child("theirs", 1)});
    EXPECT_EQ(added.at(1).how, addition::deduplicated);
    EXPECT_EQ(added.at(2).how, addition::left_out);
    EXPECT_EQ(info("theirs")->parent, (job_key{"albums", "p"}));
}

TEST_P(QueueChildren, AChildThatIsReplacedIsWaitedForNoLonger) {
    auto child = make_child("c");
    child.run_at = t0 + 1h;
    child.deduplicate = deduplication{.id = "d", .replace = true};
    add({make_job("p", {}, "albums"), child});
    auto instead = make_job("instead");
    instead.deduplicate = child.deduplicate;
    EXPECT_EQ(add({instead})[0].how, addition::replaced);
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, HaveABoundOfTheirNumber) {
    std::vector<new_job> family{make_job("p", {}, "albums")};
    for (std::size_t i = 0; i <= max_children; ++i)
        family.push_back(make_child(""));
    EXPECT_EQ(refusal(std::move(family)), infra::errc::overloaded);
    EXPECT_FALSE(info("p", "albums"));
}

TEST_P(QueueChildren, HaveABoundOfWhatIsKept) {
    add_family({child_failure::ignore, child_failure::ignore});
    const auto taken = claim(10);
    const std::string half(max_children_bytes / 2 + 1, ' ');
    complete(taken.jobs.at(0), half);
    complete(taken.jobs.at(1), half);
    const auto known = children();
    ASSERT_EQ(known.size(), 2u);
    EXPECT_EQ(known[0].result.size(), half.size());
    EXPECT_EQ(known[1].state, child_state::completed);
    EXPECT_EQ(known[1].result, "");
    EXPECT_EQ(parent_state(), job_state::waiting);
}

} // namespace infra::queue::tests
