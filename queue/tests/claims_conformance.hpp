#pragma once

// Which jobs every backend must hand out, and in what order.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

// --- claim ---------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, ServesFirstComeFirstServed) {
    add({make_job("a"), make_job("b")});
    add({make_job("c")});
    EXPECT_EQ(ids_of(claim()), (ids{"a", "b", "c"}));
}

TEST_P(QueueBackend, ServesSmallPrioritiesFirst) {
    add({make_job("5a", {.priority = 5}), make_job("1", {.priority = 1}), make_job("0"),
         make_job("5b", {.priority = 5})});
    EXPECT_EQ(ids_of(claim()), (ids{"0", "1", "5a", "5b"}));
}

TEST_P(QueueBackend, ServesLastInFirstOutBeforeTheRest) {
    add({make_job("a"), make_job("b"), make_job("x", {.lifo = true}), make_job("y", {.lifo = true})});
    EXPECT_EQ(ids_of(claim()), (ids{"y", "x", "a", "b"}));
}

TEST_P(QueueBackend, TakesNoMoreThanAsked) {
    add({make_job("a"), make_job("b"), make_job("c")});
    EXPECT_EQ(ids_of(claim(2)), (ids{"a", "b"}));
    EXPECT_EQ(ids_of(claim(2)), (ids{"c"}));
    EXPECT_EQ(ids_of(claim(2)), (ids{}));
}

TEST_P(QueueBackend, TakesOnlyFromTheQueuesNamed) {
    add({make_job("a", {}, "mail"), make_job("b", {}, "images"), make_job("c", {}, "video")});
    const auto taken = claim(10, t0, {"images", "video", "no such queue"});
    EXPECT_EQ(taken.jobs.size(), 2u);
    EXPECT_EQ(counts("mail").waiting, 1u);
}

TEST_P(QueueBackend, TakesQueuesInTurns) {
    for (int i = 0; i < 20; ++i)
        add({make_job("long" + std::to_string(i), {}, "long")});
    add({make_job("short", {}, "short")});
    std::size_t claims = 0;
    for (bool served = false; !served && claims < 3; ++claims)
        for (const auto& job : claim(1, t0, {"long", "short"}).jobs)
            served = served || job.held.job.queue == "short";
    EXPECT_LE(claims, 2u);
}

TEST_P(QueueBackend, TakesQueuesInTurnsWhoeverElseClaimsInBetween) {
    for (int i = 0; i < 20; ++i)
        add({make_job("l" + std::to_string(i), {}, "long"), make_job("x" + std::to_string(i), {}, "other x"),
             make_job("y" + std::to_string(i), {}, "other y")});
    add({make_job("short", {}, "short")});
    for (int i = 0; i < 3; ++i) {
        claim(1, t0, {"long", "short"});
        claim(1, t0, {"other x", "other y"});
    }
    EXPECT_EQ(counts("short").active, 1u);
}

TEST_P(QueueBackend, SharesOneClaimBetweenQueues) {
    for (int i = 0; i < 20; ++i)
        add({make_job("m" + std::to_string(i), {}, "mail"), make_job("i" + std::to_string(i), {}, "images")});
    EXPECT_EQ(claim(10, t0, {"mail", "images"}).jobs.size(), 10u);
    EXPECT_EQ(counts("mail").active, 5u);
    EXPECT_EQ(counts("images").active, 5u);
}

TEST_P(QueueBackend, HandsOutAllThatAHandlerNeeds) {
    const job_options options{
        .attempts = 3, .backoff = fixed(2s), .timeout = 4s, .priority = 9, .keep_completed = {.count = 5}};
    add({make_job("a", options)});
    const auto taken = claim();
    ASSERT_EQ(taken.jobs.size(), 1u);
    const auto& job = taken.jobs[0];
    EXPECT_EQ(job.held.job, (job_key{"mail", "a"}));
    EXPECT_GE(job.held.fence, 1u);
    EXPECT_EQ(job.name, "welcome");
    EXPECT_EQ(job.data, R"({"n":1})");
    EXPECT_EQ(job.options, options);
    EXPECT_EQ(job.attempts_made, 0);
    EXPECT_EQ(job.stalls, 0);
    EXPECT_EQ(info("a")->state, job_state::active);
    EXPECT_EQ(info("a")->started_at, t0);
}

TEST_P(QueueBackend, GivesAJobToOneOnly) {
    add({make_job("a")});
    EXPECT_EQ(ids_of(claim()), ids{"a"});
    EXPECT_EQ(ids_of(claim()), ids{});
}

// --- delays --------------------------------------------------------------------------------------------------------

TEST_P(QueueBackend, HoldsADelayedJobBackUntilItIsDue) {
    add({make_delayed("a", t0 + 5s)});
    const auto early = claim(1, t0 + 4999ms);
    EXPECT_EQ(ids_of(early), ids{});
    EXPECT_EQ(early.next_due, t0 + 5s);
    EXPECT_EQ(counts().delayed, 1u);
    EXPECT_EQ(ids_of(claim(1, t0 + 5s)), ids{"a"});
}

TEST_P(QueueBackend, RunsNothingAFractionOfAMillisecondEarly) {
    add({make_delayed("a", t0 + 1500us)});
    EXPECT_EQ(ids_of(claim(1, t0 + 1200us)), ids{});
    EXPECT_EQ(ids_of(claim(1, t0 + 2ms)), ids{"a"});
}

TEST_P(QueueBackend, PromotesAnyNumberOfJobsThatBecomeDueAtOnce) {
    std::vector<new_job> many;
    for (int i = 0; i < 5000; ++i)
        many.push_back(make_delayed("j" + std::to_string(i), t0 + 1s));
    add(std::move(many));
    std::set<job_id> taken;
    for (int i = 0; i < 100 && taken.size() < 5000; ++i)
        for (const auto& each : claim(1000, t0 + 1s).jobs)
            taken.insert(each.held.job.id);
    EXPECT_EQ(taken.size(), 5000u);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 5000}));
}

TEST_P(QueueBackend, KeepsADelayThatNeverEnds) {
    add({make_delayed("a", wall_time::max())});
    EXPECT_EQ(ids_of(claim(1, t0 + std::chrono::years(200))), ids{});
    EXPECT_EQ(counts().delayed, 1u);
}

TEST_P(QueueBackend, QueuesDelayedJobsBehindThoseThatWaitInTheOrderTheyAreDue) {
    add({make_delayed("late", t0 + 2s), make_delayed("soon", t0 + 1s), make_job("now")});
    EXPECT_EQ(ids_of(claim(10, t0 + 3s)), (ids{"now", "soon", "late"}));
}

TEST_P(QueueBackend, KnowsNoNextTimeWhenNothingIsDelayedOrHeld) {
    EXPECT_EQ(claim().next_due, std::nullopt);
    add({make_delayed("b", t0 + 2min), make_delayed("a", t0 + 1min)});
    EXPECT_EQ(claim().next_due, t0 + 1min);
}

TEST_P(QueueBackend, KnowsWhenALeaseEnds) {
    add({make_job("a")});
    EXPECT_EQ(claim(5).next_due, t0 + 10s);
}

} // namespace infra::queue::tests
