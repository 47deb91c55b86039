#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using lines = std::vector<std::string>;

class QueueRedisAdd : public on_a_stage {};

TEST_F(QueueRedisAdd, LeavesWhatBullmqLeaves) {
    add(plain_job("welcome", R"({"n":1,"text":"größer/kleiner \"als\""})"));
    add(plain_job("welcome"));
    add(plain_job("welcome", R"([1,"two",null])"));
    auto first = plain_job("first");
    first.options.lifo = true;
    add(first);
    auto named = plain_job("named");
    named.id = "order-7";
    EXPECT_EQ(add(named).how, addition::created);
    const auto again = add(named);
    EXPECT_EQ(again.how, addition::existed);
    EXPECT_EQ(again.id, "order-7");
    expect_left_as_in("plain");
}

TEST_F(QueueRedisAdd, OfManyLeavesWhatBullmqLeaves) {
    const auto added =
        add({plain_job("many", R"({"n":1})"), plain_job("many", R"({"n":2})"), plain_job("many", R"({"n":3})")});
    EXPECT_EQ(added.at(2).id, "3");
    expect_left_as_in("bulk");
}

TEST_F(QueueRedisAdd, KeepsTheOrderOfPriorities) {
    std::vector<new_job> jobs;
    for (const auto& [name, priority] :
         {std::pair("low", 2097151), {"five", 5}, {"five again", 5}, {"one", 1}, {"none", 0}}) {
        jobs.push_back(plain_job(name));
        jobs.back().options.priority = priority;
    }
    add(jobs);
    const auto theirs = scene_named("priorities").sorted_set("bull:mail:prioritized");
    for (const auto& [id, score] : theirs)
        EXPECT_EQ(ask({"ZSCORE", "bull:mail:prioritized", id}).as_real(), score) << id;
    EXPECT_EQ(line("wait"), (lines{"5"}));
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "0"}).as_real(), 0);
}

TEST_F(QueueRedisAdd, DelaysAsBullmqDelays) {
    std::vector<new_job> jobs;
    for (const auto& [name, delay] :
         {std::pair("late", 5000ms), {"late too", 5000ms}, {"early", 1ms}, {"late and urgent", 5000ms}}) {
        jobs.push_back(plain_job(name));
        jobs.back().run_at = t0 + delay;
    }
    jobs.back().options.priority = 3;
    add(jobs);
    expect_left_as_in("delays");
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "1"}).as_real(), double(to_unix_ms(t0 + 1ms)));
}

TEST_F(QueueRedisAdd, HasPlacesFor4096JobsOfAMillisecond) {
    std::vector<new_job> jobs(500, plain_job("late"));
    for (auto& each : jobs)
        each.run_at = t0 + 5s;
    for (int i = 0; i < 9; ++i)
        add(jobs);
    EXPECT_EQ(redis::to<std::vector<std::string>>(ask({"ZRANGE", "bull:mail:delayed", 0, 2})), (lines{"1", "2", "3"}));
    const auto last = static_cast<double>(to_unix_ms(t0 + 5s)) * 4096 + 4095;
    EXPECT_EQ(ask({"ZCOUNT", "bull:mail:delayed", last, last}).as_integer(), 4500 - 4095);
}

TEST_F(QueueRedisAdd, FindsDuplicatesAsBullmqDoes) {
    auto simple = plain_job("simple"), throttled = plain_job("throttled"),
         replaced = plain_job("replaced", R"({"n":1})");
    simple.deduplicate = deduplication{.id = "a"};
    throttled.deduplicate = deduplication{.id = "b", .ttl = 5s};
    replaced.deduplicate = deduplication{.id = "c", .ttl = 5s, .extend = true, .replace = true};
    replaced.run_at = t0 + 1s;
    add({simple, simple});
    const auto second = add({throttled, throttled}).at(1);
    EXPECT_EQ(second.how, addition::deduplicated);
    EXPECT_EQ(second.id, "3");
    add(replaced);
    replaced.data = R"({"n":2})";
    EXPECT_EQ(add(replaced).id, "6");
    expect_left_as_in("duplicates");
}

TEST_F(QueueRedisAdd, TakesOverASlotWhoseHolderHasVanished) {
    auto job = plain_job("simple");
    job.deduplicate = deduplication{.id = "a"};
    add(job);
    ask({"DEL", "bull:mail:1"});
    EXPECT_EQ(add(job).how, addition::created);
    EXPECT_EQ(ask({"GET", "bull:mail:de:a"}).as_text(), "2");
}

TEST_F(QueueRedisAdd, WakesNobodyOfAPausedQueue) {
    ask({"HSET", "bull:mail:meta", "paused", "1", "version", "bullmq:6.7.0"});
    add(plain_job("while"));
    EXPECT_EQ(line("wait"), (lines{"1"}));
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 0);
}

TEST_F(QueueRedisAdd, PutsJobsOfAPausedQueueWhereItsVersionLooks) {
    ask({"HSET", "bull:mail:meta", "paused", "1", "version", "bullmq:5.81.5"});
    add(plain_job("while"));
    EXPECT_EQ(line("paused"), (lines{"1"}));
    EXPECT_EQ(line("wait"), lines());
}

TEST_F(QueueRedisAdd, WakesNobodyOfAQueueAtItsConcurrency) {
    ask({"HSET", "bull:mail:meta", "concurrency", "1"});
    add(plain_job("first"));
    take_one();
    ask({"DEL", "bull:mail:marker"});
    add(plain_job("second"));
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 0);
}

TEST_F(QueueRedisAdd, TakesAnyBytes) {
    const std::string odd("\"\\\0\xff\r\n", 6);
    add(plain_job(odd, odd));
    const auto taken = take_one();
    EXPECT_EQ(taken.name, odd);
    EXPECT_EQ(taken.data, odd);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
