#pragma once

// What every backend must tell of who waits for whom: since when jobs have waited, and which workers are there.

#include "groups_fixture.hpp"

namespace infra::queue::tests {

class QueueAttendance : public QueueGroups {
protected:
    /// Of the only job there is to take.
    std::optional<wall_time> since_of_next(wall_time now) {
        const auto taken = claim(10, now);
        EXPECT_EQ(taken.jobs.size(), 1u);
        return taken.jobs.at(0).waiting_since;
    }
    claimed_job take_one(wall_time now = t0) {
        auto taken = claim(1, now);
        EXPECT_EQ(taken.jobs.size(), 1u);
        return std::move(taken.jobs.at(0));
    }
    std::optional<wall_time> longest(wall_time now, const std::string& queue = "mail") {
        return loop.await(stored->waiting_since({queue}, now)).at(0);
    }
    std::size_t change_at(wall_time now, job_change what, const job_id& id) {
        return loop.await(stored->change({.what = what, .jobs = {{"mail", id}}, .now = now})).changed;
    }

    void claim_as(backend& by, std::string worker, std::vector<std::string> queues, wall_time now = t0) {
        loop.await(
            by.claim({.queues = std::move(queues), .max = 1, .worker = std::move(worker), .lease = 10s, .now = now}));
    }
    static std::vector<std::string> names_of(const std::vector<worker_info>& all) {
        std::vector<std::string> names;
        for (const auto& each : all)
            names.push_back(each.name);
        return names;
    }
    std::vector<std::string> workers(std::vector<std::string> queues = {"mail"}) {
        return names_of(loop.await(stored->workers(std::move(queues))));
    }
    using names = std::vector<std::string>;
};

// --- since when a job has waited ----------------------------------------------------------------------------------

TEST_P(QueueAttendance, JobWaitsSinceItWasAdded) {
    add({make_job("a")});
    EXPECT_EQ(since_of_next(t0 + 1h), t0);
}

TEST_P(QueueAttendance, JobThatIsAddedToAClaimThatWaitsHasWaitedSinceItWasAdded) {
    time.set_wall(t0 + 1s);
    const auto claiming = wait_to_claim(waiting_claim());
    add({make_job("a"), make_job("b")});
    for (const auto& each : result_of(claiming).jobs)
        EXPECT_EQ(each.waiting_since, t0);
}

TEST_P(QueueAttendance, DelayedJobWaitsSinceItWasDue) {
    add({make_delayed("a", t0 + 5min)});
    EXPECT_EQ(since_of_next(t0 + 1h), t0 + 5min) << "not since it was added, nor since somebody came";
}

TEST_P(QueueAttendance, DelayedJobThatSomebodyElsePutInLineWaitsSinceItWasDueAsWell) {
    add({make_delayed("a", t0 + 5min)});
    claim(0, t0 + 1h);
    EXPECT_EQ(since_of_next(t0 + 2h), t0 + 5min);
}

TEST_P(QueueAttendance, PromotedJobWaitsSinceThen) {
    add({make_delayed("a", t0 + 1h)});
    ASSERT_EQ(change_at(t0 + 1min, job_change::promote, "a"), 1u);
    EXPECT_EQ(since_of_next(t0 + 2min), t0 + 1min);
}

TEST_P(QueueAttendance, RetriedJobWaitsSinceItsPauseWasOver) {
    add({make_job("a")});
    finish({.held = take_one().held, .as = outcome::kind::retry, .reason = "no", .at = t0 + 1s, .run_at = t0 + 31s});
    EXPECT_EQ(since_of_next(t0 + 40s), t0 + 31s);
}

TEST_P(QueueAttendance, JobThatIsRetriedAtOnceWaitsSinceItsAttemptEnded) {
    add({make_job("a")});
    finish({.held = take_one().held, .as = outcome::kind::retry, .reason = "no", .at = t0 + 7s});
    EXPECT_EQ(since_of_next(t0 + 8s), t0 + 7s);
}

TEST_P(QueueAttendance, JobThatIsGivenBackWaitsSinceThen) {
    add({make_job("a")});
    finish({.held = take_one().held, .as = outcome::kind::returned, .at = t0 + 3s});
    EXPECT_EQ(since_of_next(t0 + 4s), t0 + 3s);
}

TEST_P(QueueAttendance, RescuedJobWaitsSinceItWasFound) {
    add({make_job("a")});
    take_one();
    claim(0, t0 + 10s);
    EXPECT_EQ(since_of_next(t0 + 15s), t0 + 10s);
}

TEST_P(QueueAttendance, JobThatAPersonRetriesWaitsSinceThen) {
    add({make_job("a")});
    finish({.held = take_one().held, .as = outcome::kind::failed, .reason = "no", .at = t0 + 1s});
    ASSERT_EQ(change_at(t0 + 1h, job_change::retry, "a"), 1u);
    EXPECT_EQ(since_of_next(t0 + 2h), t0 + 1h);
}

TEST_P(QueueAttendance, ParentWaitsSinceItWasReleased) {
    auto child = make_job("child", {}, "photos");
    child.parent = child_of{.place = 0};
    add({make_job("parent"), child});
    const auto taken = claim(1, t0, {"photos"});
    finish({.held = taken.jobs.at(0).held, .at = t0 + 9s});
    EXPECT_EQ(since_of_next(t0 + 20s), t0 + 9s);
}

TEST_P(QueueAttendance, ParentWithADelayWaitsSinceThatWasOver) {
    auto child = make_job("child", {}, "photos");
    child.parent = child_of{.place = 0};
    add({make_delayed("parent", t0 + 1min), child});
    const auto taken = claim(1, t0, {"photos"});
    finish({.held = taken.jobs.at(0).held, .at = t0 + 9s});
    EXPECT_EQ(since_of_next(t0 + 2min), t0 + 1min);
}

TEST_P(QueueAttendance, JobOfAGroupWaitsSinceItWasAddedWhereverItStands) {
    auto second = of("tenant", "b");
    second.created_at = t0 + 1s;
    add({of("tenant", "a"), second});
    const auto taken = claim(2, t0 + 1min);
    ASSERT_EQ(ids_of(taken), (ids{"a", "b"}));
    EXPECT_EQ(taken.jobs.at(0).waiting_since, t0);
    EXPECT_EQ(taken.jobs.at(1).waiting_since, t0 + 1s);
}

// --- the one that has waited longest ------------------------------------------------------------------------------

TEST_P(QueueAttendance, NobodyHasWaitedWhereNoneWaits) {
    EXPECT_EQ(longest(t0, "unknown"), std::nullopt);
    add({make_job("a"), make_delayed("b", t0 + 1h)});
    take_one();
    EXPECT_EQ(longest(t0 + 1min), std::nullopt) << "one runs, and the other is not due";
}

TEST_P(QueueAttendance, LongestIsFoundInWhateverPriorityAndPlace) {
    auto early = make_job("early", {.priority = 9});
    auto late = make_job("late");
    late.created_at = t0 + 1h;
    add({early, late});
    EXPECT_EQ(longest(t0 + 2h), t0);
    claim(1, t0 + 2h);
    EXPECT_EQ(longest(t0 + 2h), t0) << "the other one was taken";
    auto first = make_job("first", {.lifo = true}, "stack"), last = first;
    last.id = "last";
    last.created_at = t0 + 1min;
    add({first});
    add({last});
    EXPECT_EQ(longest(t0 + 2h, "stack"), t0) << "it is served last";
}

TEST_P(QueueAttendance, LongestCountsFromWhenItWasDue) {
    add({make_delayed("a", t0 + 1h)});
    EXPECT_EQ(longest(t0 + 2h), t0 + 1h) << "nobody has come to put it in line";
    claim(0, t0 + 2h);
    EXPECT_EQ(longest(t0 + 2h), t0 + 1h);
}

TEST_P(QueueAttendance, LongestIsFoundInAGroupAtItsLimit) {
    limit({.concurrency = 1});
    auto second = of("tenant", "b");
    second.created_at = t0 + 1min;
    add({of("tenant", "a"), second});
    take_one();
    EXPECT_EQ(longest(t0 + 1h), t0 + 1min);
}

// After an outage, just when somebody looks.
TEST_P(QueueAttendance, LongestIsFoundBehindThoseThatCameLaterAndStoodInLineBefore) {
    auto later = make_job("later");
    later.created_at = t0 + 23h;
    add({make_delayed("due", t0 + 1min), later});
    EXPECT_EQ(longest(t0 + 24h), t0 + 1min);
    claim(0, t0 + 24h);
    EXPECT_EQ(longest(t0 + 24h), t0 + 1min);
    ASSERT_EQ(ids_of(claim(1, t0 + 24h)), ids{"later"});
    EXPECT_EQ(longest(t0 + 24h), t0 + 1min);
    ASSERT_EQ(ids_of(claim(1, t0 + 24h)), ids{"due"});
    EXPECT_EQ(longest(t0 + 24h), std::nullopt);
}

TEST_P(QueueAttendance, LongestIsNoneThatFailedBeforeItWasTaken) {
    add({make_delayed("a", t0 + 1min), make_job("b")});
    claim(0, t0 + 2min);
    change_at(t0 + 3min, job_change::cancel, "a");
    EXPECT_EQ(longest(t0 + 1h), t0);
    take_one();
    EXPECT_EQ(longest(t0 + 1h), std::nullopt);
}

TEST_P(QueueAttendance, LongestIsNotHiddenByWhatIsDueInAnotherQueue) {
    std::vector<new_job> all;
    for (int i = 0; i < 1200; ++i)
        all.push_back(make_delayed("x" + std::to_string(i), t0 + 1min, "other"));
    all.push_back(make_delayed("a", t0 + 2min));
    add(std::move(all));
    EXPECT_EQ(longest(t0 + 24h), t0 + 2min);
}

TEST_P(QueueAttendance, LongestIsFoundAmongManyPriorities) {
    std::vector<new_job> all;
    for (int i = 0; i < 300; ++i) {
        all.push_back(make_job("x" + std::to_string(i), {.priority = i}));
        all.back().created_at = t0 + (i == 7 ? 0h : 1h);
    }
    add(std::move(all));
    EXPECT_EQ(longest(t0 + 2h), t0);
}

TEST_P(QueueAttendance, LongestIsFoundBehindManyOfAnotherGroup) {
    limit({.concurrency = 1});
    auto waits = of("z", "z2");
    waits.created_at = t0 + 1min;
    add({of("z", "z1"), waits});
    ASSERT_EQ(ids_of(claim(1)), ids{"z1"});
    std::vector<new_job> all;
    for (int i = 0; i < 1500; ++i) {
        all.push_back(of("a", "a" + std::to_string(i)));
        all.back().created_at = t0 + 23h;
    }
    add(std::move(all));
    EXPECT_EQ(longest(t0 + 24h), t0 + 1min);
}

TEST_P(QueueAttendance, LongestIsFoundInWhateverPriorityAndPlaceOfAGroupAtItsLimit) {
    limit({.concurrency = 1});
    add({of("tenant", "runs"), of("pile", "first"), of("pile", "top", {.lifo = true})});
    ASSERT_EQ(claim(2).jobs.size(), 2u);
    EXPECT_EQ(longest(t0 + 3h), t0);
    const auto at = [](new_job job, wall_time when) {
        job.created_at = when;
        return job;
    };
    ASSERT_EQ(change_at(t0, job_change::remove, "first"), 1u);
    EXPECT_EQ(longest(t0 + 3h), std::nullopt);
    add({at(of("tenant", "a", {.priority = 3}), t0 + 2h), at(of("tenant", "b"), t0 + 2h + 1s)});
    EXPECT_EQ(longest(t0 + 3h), t0 + 2h) << "of less priority";
    add({at(of("pile", "x", {.lifo = true}), t0 + 1h)});
    add({at(of("pile", "y", {.lifo = true}), t0 + 1h + 1s)});
    EXPECT_EQ(longest(t0 + 3h), t0 + 1h) << "served last";
}

TEST_P(QueueAttendance, LongestIsFoundBehindAHeadThatStandsThereAgain) {
    auto second = of("tenant", "b");
    second.created_at = t0 + 1s;
    add({of("tenant", "a"), second});
    finish({.held = take_one().held, .as = outcome::kind::returned, .at = t0 + 1h});
    EXPECT_EQ(longest(t0 + 2h), t0 + 1s);
}

TEST_P(QueueAttendance, LongestIsToldOfEachQueueThatIsNamed) {
    auto other = make_job("b", {}, "photos");
    other.created_at = t0 + 1s;
    add({make_job("a"), other});
    EXPECT_EQ(loop.await(stored->waiting_since({"photos", "none", "mail"}, t0)),
              (std::vector<std::optional<wall_time>>{t0 + 1s, std::nullopt, t0}));
}

TEST_P(QueueAttendance, CountsSayWhetherAQueueIsPaused) {
    loop.await(stored->configure({.queue = "mail", .paused = true, .now = t0}));
    EXPECT_TRUE(counts().paused);
    loop.await(stored->configure({.queue = "mail", .paused = false, .now = t0}));
    EXPECT_FALSE(counts().paused);
}

// --- who is there -------------------------------------------------------------------------------------------------

TEST_P(QueueAttendance, WhoeverHasClaimedIsThere) {
    EXPECT_EQ(workers(), names{});
    claim_as(*stored, "one", {"mail", "photos"}, t0 + 1s);
    claim_as(*stored, "one", {"mail", "photos"}, t0 + 2s);
    EXPECT_EQ(loop.await(stored->workers({"mail"})),
              (std::vector<worker_info>{{.name = "one", .queues = {"mail", "photos"}, .since = t0 + 1s}}));
    EXPECT_EQ(workers({"photos"}), names{"one"});
    EXPECT_EQ(workers({"other"}), names{});
    EXPECT_EQ(workers({}), names{"one"});
}

TEST_P(QueueAttendance, WhoeverWaitsWithAClaimIsThere) {
    const auto claiming = wait_to_claim(waiting_claim());
    EXPECT_EQ(workers(), names{"w"});
    add({make_job("a")});
    result_of(claiming);
}

TEST_P(QueueAttendance, WorkerThatLearnsOfAnotherQueueTakesThatAsWell) {
    claim_as(*stored, "one", {"mail"});
    claim_as(*stored, "one", {"mail", "photos"});
    EXPECT_EQ(workers({"photos"}), names{"one"});
    const auto other = subject.open_again();
    EXPECT_EQ(names_of(loop.await(other->workers({"photos"}))), names{"one"});
}

TEST_P(QueueAttendance, WorkersOfOtherProcessesAreSeenOldestFirst) {
    const auto other = subject.open_again();
    claim_as(*stored, "late", {"mail"}, t0 + 1s);
    claim_as(*other, "early", {"mail"}, t0);
    EXPECT_EQ(workers(), (names{"early", "late"}));
    EXPECT_EQ(names_of(loop.await(other->workers({"mail"}))), (names{"early", "late"}));
}

TEST_P(QueueAttendance, WhoeverHasLeftIsNotThere) {
    const auto other = subject.open_again();
    claim_as(*stored, "one", {"mail"});
    claim_as(*stored, "two", {"mail"});
    loop.await(stored->leave("one"));
    loop.await(stored->leave("nobody"));
    EXPECT_EQ(workers(), names{"two"});
    EXPECT_EQ(names_of(loop.await(other->workers({"mail"}))), names{"two"});
    claim_as(*stored, "one", {"mail"});
    EXPECT_EQ(workers(), (names{"one", "two"})) << "it has come back";
}

TEST_P(QueueAttendance, WhoeverIsGoneWithoutAWordIsNotThere) {
    auto other = subject.open_again();
    claim_as(*other, "one", {"mail"});
    ASSERT_EQ(workers(), names{"one"});
    other.reset();
    ASSERT_TRUE(loop.until([&] { return workers().empty(); })); // its thread ends by itself
}

TEST_P(QueueAttendance, WhoeverLeavesKeepsWhatItHolds) {
    add({make_job("a")});
    const auto job = take_one();
    loop.await(stored->leave("w"));
    EXPECT_TRUE(claim(10, t0 + 1s).jobs.empty());
    EXPECT_TRUE(complete(job));
}

TEST_P(QueueAttendance, WhoeverHasNoNameIsNotSeen) {
    claim_as(*stored, "", {"mail"});
    EXPECT_EQ(workers(), names{});
}

TEST_P(QueueAttendance, OfSoManyWorkersNoMoreAreKnown) {
    for (std::size_t i = 0; i < max_workers + 1; ++i)
        claim_as(*stored, std::to_string(i), {"mail"});
    EXPECT_EQ(workers().size(), max_workers);
    loop.await(stored->leave("0"));
    claim_as(*stored, "one more", {"mail"});
    EXPECT_EQ(workers().size(), max_workers);
}

TEST_P(QueueAttendance, LongNamesAreCut) {
    claim_as(*stored, std::string(300, 'x'), {"mail"});
    EXPECT_EQ(workers(), names{std::string(max_worker_bytes, 'x')});
    loop.await(stored->leave(std::string(300, 'x')));
    EXPECT_EQ(workers(), names{});
}

} // namespace infra::queue::tests
