#include "tests/redis/stage.hpp"

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using kind = outcome::kind;
using lines = std::vector<std::string>;

class QueueRedisWork : public on_a_stage {
protected:
    std::string field(const std::string& id, std::string_view name) {
        const auto value = redis::to<std::optional<std::string>>(ask({"HGET", "bull:mail:" + id, name}));
        return value.value_or("");
    }
    lines ids(std::string_view sorted_set) {
        return redis::to<lines>(ask({"ZRANGE", mail.of_queue(sorted_set), 0, -1}));
    }
    static lines ids_of(const std::vector<stored_job>& jobs) {
        lines all;
        for (const auto& each : jobs)
            all.push_back(each.key.id);
        return all;
    }
};

// --- Taking --------------------------------------------------------------------------------------------------------

TEST_F(QueueRedisWork, TakesInTheOrderOfBullmq) {
    auto prior = plain_job("prior"), front = plain_job("front");
    prior.options.priority = 1;
    front.options.lifo = true;
    add({prior, plain_job("first"), plain_job("second"), front});
    EXPECT_EQ(ids_of(take(2)), (lines{"4", "2"}));
    EXPECT_EQ(ids_of(take(9)), (lines{"3", "1"}));
    EXPECT_EQ(line("active"), (lines{"1", "3", "2", "4"}));
}

TEST_F(QueueRedisWork, GivesAJobAsItWasStarted) {
    auto job = plain_job("welcome", R"({"n":1})");
    job.options.attempts = 3;
    add(job);
    now += 5s;
    const auto done = work({.token = "mine", .lease = 10s, .worker = "mill", .most = 1});
    ASSERT_EQ(done.taken.size(), 1u);
    const auto& taken = done.taken.front();
    EXPECT_EQ(taken.name, "welcome");
    EXPECT_EQ(taken.data, R"({"n":1})");
    EXPECT_EQ(taken.with.options, job.options);
    EXPECT_EQ(taken.starts, 1u);
    EXPECT_EQ(taken.created_at, t0);
    EXPECT_EQ(ask({"GET", "bull:mail:1:lock"}).as_text(), "mine");
    EXPECT_GT(ask({"PTTL", "bull:mail:1:lock"}).as_integer(), 5'000);
    EXPECT_EQ(field("1", "ats"), "1");
    EXPECT_EQ(field("1", "processedOn"), std::to_string(to_unix_ms(t0 + 5s)));
    EXPECT_EQ(field("1", "pb"), "mill");
}

TEST_F(QueueRedisWork, StartsWhatIsDueAsBullmqDoes) {
    std::vector<new_job> jobs;
    for (const auto& [name, delay] :
         {std::pair("late", 5000ms), {"late too", 5000ms}, {"early", 1ms}, {"late and urgent", 5000ms}}) {
        jobs.push_back(plain_job(name));
        jobs.back().run_at = t0 + delay;
    }
    jobs.back().options.priority = 3;
    add(jobs);
    now += 5s;
    EXPECT_EQ(take_one().name, "early");
    expect_left_as_in("promoted");
}

TEST_F(QueueRedisWork, SaysWhenToComeAgain) {
    auto late = plain_job("late");
    late.run_at = t0 + 5s;
    add(late);
    EXPECT_EQ(work({.most = 1}).again, t0 + 5s);
    now += 5s - 1ms;
    EXPECT_TRUE(take(1).empty());
    now += 1ms;
    end(take_one(), kind::completed);
    EXPECT_EQ(work({.most = 1}).again, std::nullopt);
}

TEST_F(QueueRedisWork, TakesNothingFromAPausedQueue) {
    add(plain_job("before"));
    ask({"HSET", "bull:mail:meta", "paused", "1"});
    EXPECT_TRUE(take(5).empty());
    ask({"HDEL", "bull:mail:meta", "paused"});
    EXPECT_EQ(take(5).size(), 1u);
}

TEST_F(QueueRedisWork, KeepsLimitsAsBullmqDoes) {
    ask({"HSET", "bull:mail:meta", "concurrency", "2", "max", "10", "duration", "1000"});
    add({plain_job("a"), plain_job("b"), plain_job("c")});
    EXPECT_EQ(ids_of(take(5)), (lines{"1", "2"}));
    expect_left_as_in("limited");
}

TEST_F(QueueRedisWork, SaysWhenALimitIsOver) {
    ask({"HSET", "bull:mail:meta", "max", "2", "duration", "60000"});
    add({plain_job("a"), plain_job("b"), plain_job("c")});
    EXPECT_EQ(work({.token = "token", .lease = 10min, .most = 5}).taken.size(), 2u);
    const auto limited = work({.most = 5});
    EXPECT_TRUE(limited.taken.empty());
    ASSERT_TRUE(limited.again);
    EXPECT_GT(*limited.again, t0 + 50s);
    EXPECT_LE(*limited.again, t0 + 60s);
}

TEST_F(QueueRedisWork, DoesNotCountWhatIsNotRunAgainstALimit) {
    ask({"HSET", "bull:mail:meta", "max", "1", "duration", "60000"});
    add({plain_job("doomed"), plain_job("b")});
    ask({"HSET", "bull:mail:1", "defa", "job stalled more than allowable limit"});
    EXPECT_EQ(take_one().fail_with, "job stalled more than allowable limit");
    EXPECT_EQ(take(5).size(), 1u);
}

TEST_F(QueueRedisWork, PassesOverIdsWithoutAJob) {
    add({plain_job("gone"), plain_job("there")});
    ask({"DEL", "bull:mail:1"});
    EXPECT_EQ(ids_of(take(5)), (lines{"2"}));
    EXPECT_EQ(line("active"), (lines{"2"}));
    EXPECT_EQ(ask({"EXISTS", "bull:mail:1", "bull:mail:1:lock"}).as_integer(), 0) << "nothing is made of it";
}

TEST_F(QueueRedisWork, PassesOverMarksOfOldVersions) {
    add(plain_job("there"));
    ask({"RPUSH", "bull:mail:wait", "0:0", "0:1767225600000"});
    EXPECT_EQ(ids_of(take(5)), (lines{"1"}));
    EXPECT_EQ(line("active"), (lines{"1"}));
}

TEST_F(QueueRedisWork, LosesNothingBesideWhatIsNoJob) {
    auto late = plain_job("late");
    late.run_at = t0 + 1s;
    add({plain_job("a"), plain_job("b"), late});
    ask({"HSET", "bull:mail:2", "ats", "many"});
    ask({"SET", "bull:mail:text", "no job"});
    ask({"RPUSH", "bull:mail:wait", "text"});
    ask({"ZADD", "bull:mail:delayed", 4096, "text"});
    now += 1s;
    EXPECT_EQ(ids_of(take(9)), (lines{"1", "2", "3"}));
    EXPECT_EQ(line("active"), (lines{"3", "2", "1"}));
    EXPECT_EQ(field("2", "ats"), "1");
    EXPECT_EQ(ask({"GET", "bull:mail:text"}).as_text(), "no job");
}

TEST_F(QueueRedisWork, WakesAnotherWhileSomeAreLeft) {
    add({plain_job("a"), plain_job("b")});
    ask({"DEL", "bull:mail:marker"});
    take_one();
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 1);
    ask({"DEL", "bull:mail:marker"});
    take_one();
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 0);
}

// --- Ends ----------------------------------------------------------------------------------------------------------

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

TEST_F(QueueRedisWork, FailsWhatSomebodyWantsToEnd) {
    add({plain_job("tried again"), plain_job("done")});
    ask({"HSET", "bull:mail:1", "infra.cancel", "1"});
    ask({"HSET", "bull:mail:2", "infra.cancel", "1"});
    const auto taken = take(2);
    EXPECT_TRUE(end(taken[0], kind::retry, "no"));
    EXPECT_TRUE(end(taken[1], kind::completed, "7"));
    EXPECT_EQ(ids("failed"), (lines{"1"}));
    EXPECT_EQ(field("1", "failedReason"), cancelled_reason);
    EXPECT_EQ(ids("completed"), (lines{"2"})) << "it was faster";
    for (const auto* id : {"1", "2"})
        EXPECT_EQ(field(id, "infra.cancel"), "") << "who retries it means that it runs";
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

// --- Ends in view of children ---------------------------------------------------------------------------------------

TEST_F(QueueRedisWork, FailsWhatReturnsBeforeItsChildrenAreDone) {
    add({plain_job("early"), plain_job("alone")});
    const auto taken = take(2);
    ask({"SADD", "bull:mail:1:dependencies", "bull:mail:9"});
    work_request both{.minutes = 0};
    for (const auto& each : taken)
        both.ended.push_back(
            {.end = {.held = {.job = each.key, .token = "token"}, .as = kind::completed}, .of = remember(each)});
    work(both);
    EXPECT_EQ(ids("failed"), (lines{"1"}));
    EXPECT_EQ(field("1", "failedReason"), unfinished_children_reason);
    EXPECT_EQ(ids("completed"), (lines{"2"}));
}

TEST_F(QueueRedisWork, FailsWhatAChildHasDoomed) {
    add(plain_job("parent"));
    const auto taken = take_one();
    ask({"ZADD", "bull:mail:1:unsuccessful", 7, "bull:mail:9"});
    end(taken, kind::returned);
    EXPECT_EQ(ids("failed"), (lines{"1"}));
    EXPECT_EQ(field("1", "failedReason"), "child bull:mail:9 failed");
}

TEST_F(QueueRedisWork, ParksAParentUntilItsChildrenAreDone) {
    add({plain_job("waits"), plain_job("need not"), plain_job("has none")});
    const auto taken = take(3);
    ask({"SADD", "bull:mail:1:dependencies", "bull:mail:9"});
    ask({"HSET", "bull:mail:2:processed", "bull:mail:8", "null"});
    for (const auto& each : taken)
        end(each, kind::waits);
    EXPECT_EQ(ids("waiting-children"), (lines{"1"}));
    EXPECT_EQ(ids_of(take(5)), (lines{"2"}));
    EXPECT_EQ(field("1", "atm"), "");
    EXPECT_EQ(field("3", "failedReason"), nothing_to_wait_for_reason) << "it would only run again";
}

TEST_F(QueueRedisWork, ForgetsThatItWasToFailOnceItHas) {
    add(plain_job("doomed"));
    ask({"HSET", "bull:mail:1", "defa", "why"});
    const auto taken = take_one();
    end(taken, kind::failed, taken.fail_with);
    EXPECT_EQ(field("1", "failedReason"), "why");
    EXPECT_EQ(ask({"HEXISTS", "bull:mail:1", "defa"}).as_integer(), 0);
}

// --- Families that BullMQ added -------------------------------------------------------------------------------------

class QueueRedisFamily : public QueueRedisWork {
protected:
    // Of the album's children: plain, failing, going on, ignored.
    void SetUp() override {
        QueueRedisWork::SetUp();
        if (!server)
            return;
        restore(scene_named("family"));
        for (auto& each : take(4))
            children.emplace(each.key.id, std::move(each));
    }

    void fail(const std::string& child) { end(children.at(child), kind::failed, "too large"); }
    double is_in(std::string_view state) {
        return static_cast<double>(!ask({"ZSCORE", std::string("bull:albums:").append(state), "album"}).is_null());
    }
    lines pending() {
        auto all = redis::to<lines>(ask({"SMEMBERS", "bull:albums:album:dependencies"}));
        std::ranges::sort(all);
        return all;
    }

    std::map<std::string, stored_job> children;
};

TEST_F(QueueRedisFamily, KeepsResultsWithTheParent) {
    end(children.at("plain"), kind::completed, "7");
    EXPECT_EQ(ask({"HGET", "bull:albums:album:processed", "bull:mail:plain"}).as_text(), "7");
    EXPECT_EQ(pending().size(), 4u);
    EXPECT_TRUE(is_in("waiting-children"));
}

TEST_F(QueueRedisFamily, ReleasesTheParentWithTheLastOfThem) {
    for (const auto* child : {"plain", "failing", "going on"})
        end(children.at(child), kind::completed);
    fail("ignored");
    EXPECT_TRUE(is_in("waiting-children"));
    now += 10ms;
    end(take_one(), kind::failed, "removed");
    EXPECT_FALSE(is_in("waiting-children"));
    EXPECT_TRUE(is_in("prioritized"));
    EXPECT_EQ(ask({"HGET", "bull:albums:album:failed", "bull:mail:ignored"}).as_text(), "too large");
    EXPECT_EQ(ask({"HEXISTS", "bull:albums:album:failed", "bull:mail:removed"}).as_integer(), 0);
}

TEST_F(QueueRedisFamily, DoomsTheParent) {
    fail("failing");
    EXPECT_FALSE(ask({"ZSCORE", "bull:albums:album:unsuccessful", "bull:mail:failing"}).is_null());
    EXPECT_TRUE(is_in("failed")) << "as whoever takes it next would fail it";
    EXPECT_EQ(ask({"HGET", "bull:albums:album", "failedReason"}).as_text(), "child bull:mail:failing failed");
    EXPECT_EQ(ask({"HEXISTS", "bull:albums:album", "defa"}).as_integer(), 0);
}

TEST_F(QueueRedisFamily, ReleasesTheParentAtOnce) {
    fail("going on");
    EXPECT_EQ(ask({"HGET", "bull:albums:album:failed", "bull:mail:going on"}).as_text(), "too large");
    EXPECT_TRUE(is_in("prioritized"));
    EXPECT_EQ(pending().size(), 4u);
}

TEST_F(QueueRedisFamily, WaitsOnForOneThatFailedWithoutAFlag) {
    fail("plain");
    EXPECT_EQ(pending().size(), 5u);
    EXPECT_TRUE(is_in("waiting-children"));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
