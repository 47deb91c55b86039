#pragma once

// What every backend must do about jobs that wait for others: waiting, and release.

#include "children_fixture.hpp"

namespace infra::queue::tests {

// --- waiting and release ------------------------------------------------------------------------------------------

TEST_P(QueueChildren, AParentWaitsForItsChildren) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_EQ(counts("albums"), (queue_counts{.queue = "albums", .waiting_children = 1}));
    EXPECT_EQ(info("p", "albums")->children, (children_counts{.pending = 2}));
    EXPECT_EQ(info("c0")->parent, (job_key{"albums", "p"}));
    EXPECT_TRUE(claim_parent().jobs.empty());
    EXPECT_EQ(ids_of(claim(10)), (ids{"c0", "c1"}));
}

TEST_P(QueueChildren, IsReleasedByTheLastOfThem) {
    add_family({child_failure::fail_parent, child_failure::fail_parent});
    const auto taken = claim(10);
    complete(taken.jobs.at(1), "2");
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    complete(taken.jobs.at(0), "1");
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(counts("albums"), (queue_counts{.queue = "albums", .waiting = 1}));
    EXPECT_EQ(ids_of(claim_parent()), ids{"p"});
    const auto known = children();
    ASSERT_EQ(known.size(), 2u);
    EXPECT_EQ(known[0].job, (job_key{"mail", "c0"}));
    EXPECT_EQ(known[0].state, child_state::completed);
    EXPECT_EQ(known[0].result, "1");
    EXPECT_EQ(known[1].result, "2");
}

TEST_P(QueueChildren, IsReleasedOnceThoughOutcomesOfAllItsChildrenComeTogether) {
    add_family({child_failure::ignore, child_failure::ignore});
    const auto taken = claim(10);
    loop.await(stored->finish({{.held = taken.jobs.at(0).held, .at = t0, .keep = {}},
                               {.held = taken.jobs.at(1).held, .as = outcome::kind::failed, .at = t0, .keep = {}}}));
    EXPECT_EQ(ids_of(claim_parent()), ids{"p"});
    EXPECT_TRUE(claim_parent().jobs.empty());
}

TEST_P(QueueChildren, WakesAClaimThatWaitsForTheParent) {
    add_family({child_failure::fail_parent});
    const auto claiming = wait_to_claim(waiting_claim({"albums"}));
    complete_next();
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"p"});
}

TEST_P(QueueChildren, AnAttemptThatIsRetriedReleasesNobody) {
    add_family({child_failure::fail_parent});
    finish({.held = claim().jobs.at(0).held, .as = outcome::kind::retry, .reason = "busy", .at = t0});
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    complete_next();
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, AReleasedParentStandsInFront) {
    add_family({child_failure::fail_parent});
    add({make_job("other", {}, "albums")});
    complete_next();
    EXPECT_EQ(ids_of(claim_parent()), (ids{"p", "other"}));
}

TEST_P(QueueChildren, IsDelayedStillIfItsTimeHasNotCome) {
    auto parent = make_delayed("p", t0 + 1h, "albums");
    add({parent, make_child("c")});
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    complete_next();
    EXPECT_EQ(parent_state(), job_state::delayed);
    EXPECT_EQ(info("p", "albums")->run_at, t0 + 1h);
    EXPECT_TRUE(claim_parent().jobs.empty());
    EXPECT_EQ(ids_of(claim_parent(t0 + 1h)), ids{"p"});
}

TEST_P(QueueChildren, RunsAtOnceIfItsTimeHasPassedMeanwhile) {
    add({make_delayed("p", t0 + 1h, "albums"), make_child("c")});
    complete(claim(1, t0 + 2h).jobs.at(0), {}, t0 + 2h);
    EXPECT_EQ(parent_state(), job_state::waiting);
}

TEST_P(QueueChildren, TheTimeToLiveOfAParentBeginsWithItsRelease) {
    auto parent = make_job("p", {.ttl = 10s}, "albums");
    parent.expires_at = t0 + 10s;
    add({parent, make_child("c")});
    complete(claim(1, t0 + 1h).jobs.at(0), {}, t0 + 1h);
    EXPECT_EQ(info("p", "albums")->expires_at, t0 + 1h + 10s);
    EXPECT_EQ(ids_of(claim_parent(t0 + 1h + 9s)), ids{"p"});
}

TEST_P(QueueChildren, ATreeIsReleasedFromBelow) {
    add({make_job("root"), make_child("middle", 0), make_child("left", 1), make_child("right", 1)});
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .waiting = 2, .waiting_children = 2}));
    const auto leaves = claim(10);
    EXPECT_EQ(ids_of(leaves), (ids{"left", "right"}));
    for (const auto& each : leaves.jobs)
        complete(each);
    const auto middle = claim(10);
    EXPECT_EQ(ids_of(middle), ids{"middle"});
    complete(middle.jobs.at(0), R"("m")");
    const auto root = claim(10);
    EXPECT_EQ(ids_of(root), ids{"root"});
    EXPECT_EQ(children({"mail", "root"}).at(0).result, R"("m")");
}

TEST_P(QueueChildren, GivesChildrenPageByPage) {
    add_family(std::vector(25, child_failure::ignore));
    children_request request{.parent = {"albums", "p"}, .max = 10};
    ids all;
    std::size_t pages = 0;
    do {
        auto page = loop.await(stored->children(request));
        EXPECT_LE(page.children.size(), 10u);
        for (const auto& each : page.children)
            all.push_back(each.job.id);
        request.cursor = page.next;
        ++pages;
    } while (!request.cursor.empty());
    EXPECT_GE(pages, 3u);
    ids expected;
    for (int i = 0; i < 25; ++i)
        expected.push_back("c" + std::to_string(i));
    if (!subject.traits.orders_children) {
        std::ranges::sort(all);
        std::ranges::sort(expected);
    }
    EXPECT_EQ(all, expected);
    EXPECT_TRUE(children({"albums", "no such job"}).empty());
}

TEST_P(QueueChildren, IsReleasedOnceThoughTwoProcessesEndTheLastTwoTogether) {
    const auto other = subject.open_again();
    for (int i = 0; i < 20; ++i) {
        const auto n = std::to_string(i);
        add({make_job("p" + n, {}, "albums"), make_child("a" + n), make_child("b" + n)});
        const auto taken = claim(2);
        const auto one = loop.start(stored->finish({{.held = taken.jobs.at(0).held, .at = t0, .keep = {}}}));
        const auto two = loop.start(other->finish({{.held = taken.jobs.at(1).held, .at = t0, .keep = {}}}));
        ASSERT_TRUE(loop.until([&] { return one->ended && two->ended; }));
        EXPECT_EQ(ids_of(claim_parent()), ids{"p" + n});
        EXPECT_TRUE(claim_parent().jobs.empty());
    }
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueChildren, AChildWhoseWorkerVanishedIsWaitedForAndItsLateEndReleasesNobody) {
    add_family({child_failure::fail_parent});
    const auto stale = claim(1).jobs.at(0);
    const auto again = claim(1, t0 + 10s);
    EXPECT_EQ(again.rescued, (std::vector<job_key>{{"mail", "c0"}}));
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_FALSE(complete(stale, "1", t0 + 10s));
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    EXPECT_TRUE(complete(again.jobs.at(0), "2", t0 + 10s));
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(children().at(0).result, "2");
}

// Both wait, the one for the parent longer; then the other is looked at since something comes, and finds the child expired.
TEST_P(QueueChildren, WakesAClaimForTheParentThatWasTriedBeforeTheOneThatEndsTheChild) {
    auto late = make_child("late", 0, child_failure::ignore);
    late.options.priority = 1;
    late.run_at = t0 + 1s;
    late.expires_at = t0 + 5s;
    add({make_job("p", {}, "albums"), late});
    loop.await(stored->configure({.queue = "mail", .rate = rate_limit{1, 1h}}));
    EXPECT_TRUE(claim(1, t0 + 1s, {"elsewhere"}).jobs.empty()); // the child waits now
    add({make_job("first")});
    EXPECT_EQ(ids_of(claim(1, t0 + 1s)), ids{"first"}); // and no other may be started
    time.set_wall(t0 + 2s);
    auto of_parent = waiting_claim({"albums"}), of_child = waiting_claim();
    of_parent.now = of_child.now = t0 + 2s;
    of_parent.due = of_child.due = t0;
    const auto albums = wait_to_claim(of_parent), mail = wait_to_claim(of_child);
    time.set_wall(t0 + 5s);
    add({make_job("another")});
    EXPECT_EQ(ids_of(result_of(albums)), ids{"p"});
    EXPECT_EQ(result_of(mail).expired, (std::vector<job_key>{{"mail", "late"}}));
}

TEST_P(QueueChildren, WakesAClaimWhenItIsReleasedByTheForgettingOfAChild) {
    add_family({child_failure::wait});
    add({make_job("other")});
    fail_next({.count = 1});
    EXPECT_EQ(parent_state(), job_state::waiting_children);
    const auto claiming = wait_to_claim(waiting_claim({"albums"}));
    fail_next({.count = 1});
    EXPECT_EQ(ids_of(result_of(claiming)), ids{"p"});
    EXPECT_FALSE(info("c0"));
}

// --- other processes ----------------------------------------------------------------------------------------------

TEST_P(QueueChildren, AreKnownToOtherProcesses) {
    add_family({child_failure::fail_parent});
    const auto other = subject.open_again();
    const auto taken = loop.await(other->claim({.queues = {"mail"}, .worker = "o", .lease = 10s, .now = t0}));
    loop.await(other->finish({{.held = taken.jobs.at(0).held, .result = "1", .at = t0, .keep = {}}}));
    loop.await(other->stop(deadline::after(30s)));
    EXPECT_EQ(parent_state(), job_state::waiting);
    EXPECT_EQ(children().at(0).result, "1");
}

} // namespace infra::queue::tests
