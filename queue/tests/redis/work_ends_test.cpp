#include "tests/redis/work_stage.hpp"

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

TEST_F(QueueRedisWork, LeavesResultsAsBullmqDoes) {
    for (const auto* result : {"", "null", "\"text\"", "7", "[1,null]", R"({"a":{"b":"ü"}})", "0", "false"}) {
        auto job = plain_job("work");
        job.created_at = now;
        add(job);
        const auto taken = take_one();
        now += 1ms;
        EXPECT_TRUE(end(taken, kind::completed, result));
    }
    expect_left_as_in("results");
}

TEST_F(QueueRedisWork, ForgetsByCountAsBullmqDoes) {
    for (const std::size_t count : {0u, 2u, 2u, 2u}) {
        auto job = plain_job("work");
        job.created_at = now;
        job.options.keep_completed.count = count;
        add(job);
        const auto taken = take_one();
        now += 1s;
        EXPECT_TRUE(end(taken, kind::completed, "\"ok\"", {.keep = {.count = count}}));
    }
    expect_left_as_in("forgotten");
}

TEST_F(QueueRedisWork, ForgetsWithAJobWhatBelongsToIt) {
    add({plain_job("talks"), plain_job("next")});
    ask({"RPUSH", "bull:mail:1:logs", "a line"});
    ask({"HSET", "bull:mail:1:processed", "bull:mail:9", "7"});
    for (const auto& each : take(2)) {
        EXPECT_TRUE(end(each, kind::completed, "", {.keep = {.count = 1}}));
        now += 1s;
    }
    EXPECT_EQ(ask({"EXISTS", "bull:mail:1", "bull:mail:1:logs", "bull:mail:1:processed"}).as_integer(), 0);
    EXPECT_EQ(ids("completed"), (lines{"2"}));
}

TEST_F(QueueRedisWork, ForgetsByAge) {
    for (const int age : {10, 10, 2}) {
        const keep kept{.age = std::chrono::seconds(age)};
        auto job = plain_job("work");
        job.created_at = now;
        job.options.keep_failed = kept;
        add(job);
        const auto taken = take_one();
        now += 2s;
        EXPECT_TRUE(end(taken, kind::failed, "no", {.keep = kept}));
    }
    // To the millisecond as old as that, BullMQ has forgotten it, and ours is forgotten with the next.
    expect_left_as_in("old", {"bull:mail:failed", "bull:mail:2"});
    EXPECT_EQ(ids("failed"), (lines{"2", "3"}));
    now += 1ms;
    add(plain_job("work"));
    EXPECT_TRUE(end(take_one(), kind::failed, "no", {.keep = {.age = 2s}}));
    EXPECT_EQ(ids("failed"), (lines{"3", "4"}));
}

TEST_F(QueueRedisWork, RetriesAndFailsAsBullmqDoes) {
    auto job = plain_job("work");
    job.options.attempts = 3;
    job.options.backoff = exponential(1s);
    add(job);
    for (const auto pause : {1000ms, 2000ms, 0ms}) {
        const auto taken = take_one();
        const auto reason = "no " + std::to_string(pause.count()) + "\nand \"why\"";
        if (pause > 0ms)
            end(taken, kind::retry, reason, {.run_at = now + pause});
        else
            end(taken, kind::failed, reason);
        now += pause;
    }
    EXPECT_EQ(field("1", "failedReason"), "no 0\nand \"why\"");
    EXPECT_EQ(field("1", "atm"), "3");
    EXPECT_EQ(events(), (lines{"added 1", "waiting 1", "active 1", "delayed 1", "waiting 1", "active 1", "delayed 1",
                               "waiting 1", "active 1", "failed 1", "retries-exhausted 1", "drained"}));
}

TEST_F(QueueRedisWork, RetriesAtOnceAsBullmqDoes) {
    std::vector<new_job> jobs{plain_job("first"), plain_job("lifo"), plain_job("prior")};
    for (auto& each : jobs)
        each.options.attempts = 2;
    jobs[1].options.lifo = true;
    jobs[2].options.priority = 7;
    add(jobs);
    for (int i = 0; i < 3; ++i) {
        const auto taken = take_one();
        end(taken, taken.attempts_made + 1 < taken.with.options.attempts ? kind::retry : kind::failed, "again");
    }
    expect_left_as_in("retriesAtOnce");
}

TEST_F(QueueRedisWork, RemembersWhyEachAttemptFailed) {
    auto job = plain_job("work");
    job.options.attempts = 3;
    add(job);
    for (const auto* reason : {"one", "two"}) {
        end(take_one(), kind::retry, reason);
        now += 1s;
    }
    EXPECT_EQ(to_info(take_one(), job_state::active).errors,
              (std::vector<job_error>{{.attempt = 1, .at = t0, .reason = "one"},
                                      {.attempt = 2, .at = t0 + 1s, .reason = "two"}}));
}

TEST_F(QueueRedisWork, GivesBackInFrontAtNoAttemptsCost) {
    auto prior = plain_job("prior");
    prior.options.priority = 7;
    add({plain_job("first"), plain_job("second"), prior, prior});
    for (const auto& each : take(4))
        if (each.key.id == "1" || each.key.id == "4")
            end(each, kind::returned);
        else
            end(each, kind::retry, "no");
    EXPECT_EQ(ids_of(take(4)), (lines{"1", "2", "4", "3"}));
    EXPECT_EQ(field("1", "atm"), "");
    EXPECT_EQ(field("2", "atm"), "1");
}

TEST_F(QueueRedisWork, GivesBackForLater) {
    add(plain_job("snoozed"));
    end(take_one(), kind::returned, "", {.run_at = t0 + 5s});
    EXPECT_EQ(ids("delayed"), (lines{"1"}));
    EXPECT_EQ(field("1", "delay"), "5000");
    now += 5s;
    EXPECT_EQ(take_one().attempts_made, 0);
}

TEST_F(QueueRedisWork, ForgetsWhatIsDropped) {
    add(plain_job("missed"));
    end(take_one(), kind::dropped);
    EXPECT_EQ(
        ask({"EXISTS", "bull:mail:1", "bull:mail:1:lock", "bull:mail:active", "bull:mail:completed"}).as_integer(), 0);
    EXPECT_EQ(events().at(3), "removed 1");
}

TEST_F(QueueRedisWork, RefusesAnEndWithoutTheLock) {
    add({plain_job("a"), plain_job("b"), plain_job("c")});
    const auto taken = take(3);
    ask({"SET", "bull:mail:1:lock", "another's"});
    ask({"DEL", "bull:mail:2:lock"});
    EXPECT_FALSE(end(taken[0], kind::completed));
    EXPECT_FALSE(end(taken[1], kind::completed));
    EXPECT_TRUE(end(taken[2], kind::completed));
    EXPECT_FALSE(end(taken[2], kind::completed)) << "once";
    EXPECT_EQ(line("active"), (lines{"2", "1"}));
    EXPECT_EQ(ids("completed"), (lines{"3"}));
    EXPECT_EQ(ask({"GET", "bull:mail:1:lock"}).as_text(), "another's");
}

TEST_F(QueueRedisWork, MakesNothingOfAJobThatHasVanished) {
    add(plain_job("gone"));
    const auto taken = take_one();
    ask({"DEL", "bull:mail:1"});
    EXPECT_FALSE(end(taken, kind::completed));
    EXPECT_EQ(
        ask({"EXISTS", "bull:mail:1", "bull:mail:1:lock", "bull:mail:active", "bull:mail:completed"}).as_integer(), 0);
}

TEST_F(QueueRedisWork, EndsTheNeighboursOfWhatIsNoHashAnyMore) {
    add({plain_job("a"), plain_job("b"), plain_job("c")});
    const auto taken = take(3);
    ask({"SET", mail.of_job("2"), "somebody's"});
    work_request ends{};
    for (const auto& each : taken)
        ends.ended.push_back({.end = {.held = {.job = each.key, .token = "token"}}, .of = remember(each)});
    EXPECT_EQ(work(ends).recorded, (std::vector<bool>{true, false, true}));
    EXPECT_EQ(ids("completed"), (lines{"1", "3"}));
    EXPECT_EQ(ask({"GET", mail.of_job("2")}).as_text(), "somebody's");
}

TEST_F(QueueRedisWork, FailsWhatSomebodyWantsToEnd) {
    add({plain_job("tried again"), plain_job("done")});
    const auto taken = take(2);
    for (const auto* id : {"1", "2"}) {
        ask({"HSET", mail.of_job(id), "infra.cancel", "1"});
        ask({"SADD", "bull:mail~marked", id});
    }
    EXPECT_TRUE(end(taken[0], kind::retry, "no"));
    EXPECT_TRUE(end(taken[1], kind::completed, "7"));
    EXPECT_EQ(ids("failed"), (lines{"1"}));
    EXPECT_EQ(field("1", "failedReason"), cancelled_reason);
    EXPECT_EQ(ids("completed"), (lines{"2"})) << "it was faster";
    for (const auto* id : {"1", "2"})
        EXPECT_EQ(field(id, "infra.cancel"), "") << "who retries it means that it runs";
}

TEST_F(QueueRedisWork, ForgetsMarksOfThoseWhoseEndNobodyTold) {
    add({plain_job("a"), plain_job("b")});
    const auto taken = take(2);
    ask({"SADD", "bull:mail~marked", "1", "2", "999"});
    EXPECT_TRUE(end(taken[0], kind::completed));
    EXPECT_EQ(redis::to<lines>(ask({"SMEMBERS", "bull:mail~marked"})), (lines{"2"}));
    EXPECT_TRUE(end(taken[1], kind::completed));
    EXPECT_EQ(ask({"EXISTS", "bull:mail~marked"}).as_integer(), 0);
}

TEST_F(QueueRedisWork, RecordsSeveralAndTakesTheNextInOneStep) {
    add({plain_job("a"), plain_job("b"), plain_job("c")});
    const auto taken = take(2);
    work_request next{.token = "next", .most = 1};
    for (const auto& each : taken)
        next.ended.push_back(
            {.end = {.held = {.job = each.key, .token = "token"}, .as = kind::completed}, .of = remember(each)});
    const auto done = work(next);
    EXPECT_EQ(done.recorded, (std::vector<bool>{true, true}));
    EXPECT_EQ(ids_of(done.taken), (lines{"3"}));
    EXPECT_EQ(events().back(), "active 3") << "nothing is drained while one runs";
}

TEST_F(QueueRedisWork, RecordsMoreThanACommandTakes) {
    constexpr std::size_t many = 8100;
    for (std::size_t i = 0; i < many; i += 900)
        add(std::vector(900, plain_job("one of many")));
    work_request all;
    for (const auto& each : take(many))
        all.ended.push_back({.end = {.held = {.job = each.key, .token = "token"}}, .of = remember(each)});
    ASSERT_EQ(all.ended.size(), many);
    const auto recorded = work(all).recorded;
    EXPECT_EQ(std::ranges::count(recorded, true), std::ptrdiff_t(many));
    EXPECT_EQ(ids("completed").size(), many);
    EXPECT_EQ(ask({"EXISTS", "bull:mail:active", "bull:mail:1:lock"}).as_integer(), 0);
}

TEST_F(QueueRedisWork, CountsMinutesAsBullmqDoes) {
    for (const auto pause : {0s, 1s, 60s, 180s, 0s}) {
        now += pause;
        add(plain_job("work"));
        const auto taken = take_one();
        work({.minutes = 10,
              .ended = {{.end = {.held = {.job = taken.key, .token = "token"},
                                 .as = kind::completed,
                                 .keep = {.count = 0}}}}});
    }
    expect_left_as_in("measured");
}

TEST_F(QueueRedisWork, CountsManyAtOnceAsOneByOne) {
    add(std::vector(5, plain_job("work")));
    const auto taken = take(5);
    const auto finish = [&](std::size_t from, std::size_t to) {
        work_request all{.minutes = 10};
        for (auto i = from; i < to; ++i)
            all.ended.push_back({.end = {.held = {.job = taken[i].key, .token = "token"}, .as = kind::completed}});
        work(all);
    };
    finish(0, 2);
    now += 2min;
    finish(2, 5);
    const auto metrics = left();
    const auto read =
        read_minutes({{"count", "5"}, {"prevCount", "2"}, {"prevTS", std::to_string(to_unix_ms(now))}}, {"0", "2"});
    EXPECT_EQ(metrics.at("bull:mail:metrics:completed:data").at("value"), json::parse(R"(["0","2"])").value());
    EXPECT_EQ(history_of(read, {}, t0, t0 + 1h),
              (std::vector<minute_counts>{{.minute = t0, .completed = 2}, {.minute = t0 + 2min, .completed = 3}}));
    EXPECT_EQ(redis::to<std::string>(ask({"HGET", "bull:mail:metrics:completed", "prevCount"})), "2");
}

// --- Slots ---------------------------------------------------------------------------------------------------------

TEST_F(QueueRedisWork, AddsTheLastDuplicateAsBullmqDoes) {
    auto kept = plain_job("kept", R"({"n":1})");
    kept.deduplicate = deduplication{.id = "a", .keep_last_if_active = true};
    add(kept);
    const auto taken = take_one();
    kept.data = R"({"n":2})";
    EXPECT_EQ(add(kept).id, "1");
    EXPECT_TRUE(end(taken, kind::completed));
    expect_left_as_in("lastDuplicateAdded");
}

TEST_F(QueueRedisWork, KeepsTheLastDuplicateAsBullmqDoes) {
    auto kept = plain_job("kept", R"({"n":1})");
    kept.options.priority = 2;
    kept.deduplicate = deduplication{.id = "a", .keep_last_if_active = true};
    add(kept);
    take_one();
    for (const auto* data : {R"({"n":2})", R"({"n":3})"}) {
        kept.data = data;
        add(kept);
    }
    EXPECT_EQ(ask({"HGET", "bull:mail:dn:a", "data"}).as_text(), R"({"n":3})");
    EXPECT_EQ(ask({"HGET", "bull:mail:dn:a", "jid"}).as_text(), "3");
}

TEST_F(QueueRedisWork, FreesASlotOnlyWithoutATime) {
    auto simple = plain_job("simple"), throttled = plain_job("throttled");
    simple.deduplicate = deduplication{.id = "a"};
    throttled.deduplicate = deduplication{.id = "b", .ttl = 1min};
    add({simple, throttled});
    for (const auto& each : take(2))
        end(each, kind::completed);
    EXPECT_EQ(ask({"EXISTS", "bull:mail:de:a"}).as_integer(), 0);
    EXPECT_EQ(ask({"GET", "bull:mail:de:b"}).as_text(), "2");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
