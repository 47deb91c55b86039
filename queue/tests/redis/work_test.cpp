#include "tests/redis/work_stage.hpp"

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

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

} // namespace
} // namespace infra::queue::redis_backend::tests
