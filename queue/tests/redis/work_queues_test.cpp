#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using kind = outcome::kind;
using lines = std::vector<std::string>;

class QueueRedisWorkOfQueues : public on_a_stage {
protected:
    void add_to(std::string queue, std::size_t n) {
        std::vector<new_job> jobs(n, plain_job("work"));
        for (auto& each : jobs)
            each.queue = queue;
        add(jobs);
    }

    std::size_t active_in(const std::string& queue) {
        return static_cast<std::size_t>(ask({"LLEN", "bull:" + queue + ":active"}).as_integer());
    }

    work_done take_from(std::vector<std::string> queues, std::size_t most) {
        return work({.token = "token", .queues = std::move(queues), .most = most, .minutes = 0});
    }
};

// --- Fair turns -----------------------------------------------------------------------------------------------------

TEST_F(QueueRedisWorkOfQueues, SharesWhatIsTaken) {
    for (const auto* queue : {"a", "b", "c"})
        add_to(queue, 20);
    EXPECT_EQ(take_from({"b", "a", "c"}, 10).taken.size(), 10u);
    EXPECT_EQ(active_in("b"), 4u) << "the first named takes what cannot be shared";
    EXPECT_EQ(active_in("a"), 3u);
    EXPECT_EQ(active_in("c"), 3u);
}

TEST_F(QueueRedisWorkOfQueues, GivesTheShareOfAShortQueueToOthers) {
    add_to("short", 1);
    add_to("limited", 20);
    add_to("long", 20);
    ask({"HSET", "bull:limited:meta", "concurrency", "2"});
    EXPECT_EQ(take_from({"short", "limited", "long", "empty"}, 12).taken.size(), 12u);
    EXPECT_EQ(active_in("short"), 1u);
    EXPECT_EQ(active_in("limited"), 2u);
    EXPECT_EQ(active_in("long"), 9u);
}

TEST_F(QueueRedisWorkOfQueues, SaysWhoseEachJobIs) {
    add_to("a", 1);
    add_to("b", 1);
    const auto taken = take_from({"b", "a"}, 5).taken;
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].key, (job_key{"b", "1"}));
    EXPECT_EQ(taken[1].key, (job_key{"a", "1"}));
}

TEST_F(QueueRedisWorkOfQueues, TakesNothingFromQueuesWhoseJobsOnlyEnd) {
    add_to("a", 2);
    add_to("b", 2);
    work_request next{.token = "next", .queues = {"b"}, .most = 5};
    for (const auto& each : take_from({"a"}, 1).taken)
        next.ended.push_back({.end = {.held = {.job = each.key, .token = "token"}}, .of = remember(each)});
    const auto done = work(next);
    EXPECT_EQ(done.recorded, std::vector<bool>{true});
    EXPECT_EQ(done.taken.size(), 2u);
    EXPECT_EQ(active_in("a"), 0u);
    EXPECT_EQ(ask({"ZCARD", "bull:a:completed"}).as_integer(), 1);
}

TEST_F(QueueRedisWorkOfQueues, RecordsEndsOfAnyQueuesInTheOrderOfTheRequest) {
    add_to("a", 3);
    add_to("b", 3);
    const auto taken = take_from({"a", "b"}, 6).taken;
    work_request ends{};
    for (const std::size_t i : {0u, 3u, 1u, 4u, 2u, 5u})
        ends.ended.push_back({.end = {.held = {.job = taken.at(i).key, .token = i == 3 || i == 2 ? "another" : "token"},
                                      .as = i % 2 ? kind::completed : kind::failed,
                                      .reason = "no"},
                              .of = remember(taken[i])});
    EXPECT_EQ(work(ends).recorded, (std::vector<bool>{true, false, true, true, false, true}));
    for (const auto* queue : {"a", "b"}) {
        const auto base = std::string("bull:") + queue;
        EXPECT_EQ(ask({"ZCARD", base + ":completed"}).as_integer(), 1) << queue;
        EXPECT_EQ(ask({"ZCARD", base + ":failed"}).as_integer(), 1) << queue;
        EXPECT_EQ(active_in(queue), 1u) << queue;
    }
}

TEST_F(QueueRedisWorkOfQueues, ComesAgainForTheEarliestOfAll) {
    for (const auto& [queue, after] : {std::pair("a", 9s), {"b", 5s}, {"c", 7s}}) {
        auto late = plain_job("late");
        late.queue = queue;
        late.run_at = t0 + after;
        add(late);
    }
    EXPECT_EQ(take_from({"a", "b", "c"}, 5).again, t0 + 5s);
    EXPECT_EQ(take_from({"a", "c"}, 5).again, t0 + 7s);
}

// --- Leases that nobody renewed -------------------------------------------------------------------------------------

class QueueRedisRescue : public QueueRedisWorkOfQueues {
protected:
    work_done take_by(std::string token) {
        return work({.token = std::move(token), .lease = 10s, .most = 1, .minutes = 0});
    }
    void lose_lock(const std::string& id) { ask({"DEL", "bull:mail:" + id + ":lock"}); }
};

TEST_F(QueueRedisRescue, ComesAgainWhenALeaseEnds) {
    add(plain_job("held"));
    EXPECT_EQ(take_by("mine").again, t0 + 10s);
    EXPECT_EQ(take_by("other").again, t0 + 10s);
}

TEST_F(QueueRedisRescue, LooksNoMoreOnceNothingIsHeld) {
    add(plain_job("held"));
    end(take_one(), kind::completed);
    EXPECT_EQ(take_by("other").again, std::nullopt);
    EXPECT_EQ(ask({"EXISTS", "bull:mail~leases"}).as_integer(), 0);
}

TEST_F(QueueRedisRescue, TakesWhatItsHolderLeftBehind) {
    add({plain_job("left"), plain_job("next")});
    take_by("lost");
    now += 10s;
    lose_lock("1");
    const auto done = take_by("mine");
    EXPECT_EQ(done.rescued, (std::vector<job_key>{{"mail", "1"}}));
    ASSERT_EQ(done.taken.size(), 1u);
    EXPECT_EQ(done.taken[0].key.id, "1");
    EXPECT_EQ(done.taken[0].stalls, 1);
    const auto all = events();
    EXPECT_EQ(lines(all.end() - 3, all.end()), (lines{"waiting 1", "stalled 1", "active 1"}));
}

TEST_F(QueueRedisRescue, NeverTakesWhatIsLocked) {
    add(plain_job("held"));
    take_by("slow to renew");
    now += 10s;
    const auto done = take_by("mine");
    EXPECT_TRUE(done.rescued.empty());
    EXPECT_TRUE(done.taken.empty());
    EXPECT_EQ(line("active"), lines{"1"});
}

TEST_F(QueueRedisRescue, LooksAgainWhenALockIsAboutToGo) {
    add(plain_job("held"));
    take_by("slow to renew");
    now += 10s;
    ask({"PEXPIRE", "bull:mail:1:lock", 500});
    const auto again = take_by("mine").again;
    ASSERT_TRUE(again);
    EXPECT_GT(*again, now);
    EXPECT_LE(*again, now + 501ms);
}

TEST_F(QueueRedisRescue, FailsWhatStalledTooOften) {
    add(plain_job("deadly"));
    for (const auto stalls : {1, 2}) {
        take_by("lost");
        lose_lock("1");
        now += 10s;
        const auto done = take_by("token");
        ASSERT_EQ(done.taken.size(), 1u);
        EXPECT_EQ(done.taken[0].fail_with.empty(), stalls == 1);
        end(done.taken[0], kind::returned);
    }
    EXPECT_EQ(ask({"HGET", "bull:mail:1", "defa"}).as_text(), "job stalled more than allowable limit");
}

TEST_F(QueueRedisRescue, CountsFromZeroWhereSomebodyWroteNoNumber) {
    add(plain_job("left"));
    ask({"HSET", "bull:mail:1", "stc", "often"});
    take_by("lost");
    lose_lock("1");
    now += 10s;
    EXPECT_EQ(take_by("mine").taken.at(0).stalls, 1);
}

TEST_F(QueueRedisRescue, GoesOnWithWhatASchedulerBrings) {
    add(plain_job("iteration"));
    ask({"HSET", "bull:mail:1", "rjk", "nightly", "stc", "7"});
    ask({"ZADD", "bull:mail:repeat", 1, "nightly"});
    take_by("lost");
    lose_lock("1");
    now += 10s;
    EXPECT_EQ(take_by("mine").taken.at(0).fail_with, "");
}

// --- Jobs that were not started in time ------------------------------------------------------------------------------

class QueueRedisExpiry : public QueueRedisWorkOfQueues {
protected:
    void add_until(wall_time expires_at, job_options options = {.keep_failed = {}}) {
        auto job = plain_job("in time");
        job.options = options;
        job.expires_at = expires_at;
        add(job);
        ask({"ZADD", "bull:mail~expiring", to_unix_ms(expires_at), "1"});
    }
    std::string reason() {
        return redis::to<std::optional<std::string>>(ask({"HGET", "bull:mail:1", "failedReason"})).value_or("");
    }
};

TEST_F(QueueRedisExpiry, FailsWhatWasNotStartedInTime) {
    add_until(t0 + 5s);
    now += 5s;
    const auto done = work({.most = 5});
    EXPECT_EQ(done.expired, (std::vector<job_key>{{"mail", "1"}}));
    EXPECT_TRUE(done.taken.empty());
    EXPECT_EQ(reason(), expired_reason);
    EXPECT_EQ(line("wait"), lines{});
    EXPECT_FALSE(ask({"ZSCORE", "bull:mail:failed", "1"}).is_null());
    EXPECT_EQ(events().back(), "failed 1");
}

TEST_F(QueueRedisExpiry, KeepsOfThemWhatTheJobSays) {
    add_until(t0 + 5s, {.keep_failed = {.count = 0}});
    now += 5s;
    EXPECT_EQ(work({.most = 5}).expired.size(), 1u);
    EXPECT_EQ(ask({"EXISTS", "bull:mail:1", "bull:mail:failed", "bull:mail~expiring"}).as_integer(), 0);
}

TEST_F(QueueRedisExpiry, LeavesAnotherJobWithTheSameIdAlone) {
    add_until(t0 + 5s);
    ask({"HDEL", "bull:mail:1", "infra.expires"});
    now += 5s;
    EXPECT_EQ(work({.most = 5}).taken.size(), 1u);
}

TEST_F(QueueRedisExpiry, ForgetsTheTimeOfWhatIsStarted) {
    add_until(t0 + 5s);
    EXPECT_EQ(take(1).size(), 1u);
    EXPECT_EQ(ask({"EXISTS", "bull:mail~expiring"}).as_integer(), 0);
    now += 5s;
    EXPECT_TRUE(work({.most = 5}).expired.empty());
}

} // namespace
} // namespace infra::queue::redis_backend::tests
