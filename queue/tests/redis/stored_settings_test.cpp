#include "src/redis/stored_settings.hpp"

#include "tests/redis/wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

TEST(QueueRedisSettings, AreThoseThatBullmqStored) {
    const auto limited = read_settings("mail", scene_named("limited").hash("bull:mail:meta"));
    EXPECT_EQ(limited.settings,
              (queue_settings{.queue = "mail", .concurrency = 2, .rate = {.max = 10, .duration = 1s}}));
    EXPECT_EQ(limited.major_version, 6);
    EXPECT_EQ(limited.max_events, 10'000u);
    EXPECT_TRUE(read_settings("mail", scene_named("paused").hash("bull:mail:meta")).settings.paused);
    EXPECT_FALSE(read_settings("mail", scene_named("resumed").hash("bull:mail:meta")).settings.paused);
}

TEST(QueueRedisSettings, SayWhereAPausedQueuesJobsStand) {
    for (const auto& s : all_scenes())
        if (s.name == "paused")
            EXPECT_EQ(read_settings("mail", s.hash("bull:mail:meta")).parks_in_paused(),
                      s.keys.contains("bull:mail:paused"))
                << where(s, "bull:mail:meta");
    EXPECT_FALSE(read_settings("mail", {{"version", "bullmq:5.81.5"}}).parks_in_paused()) << "it is not paused";
    EXPECT_FALSE(read_settings("mail", {{"paused", "1"}}).parks_in_paused()) << "no BullMQ was there";
}

TEST(QueueRedisSettings, KnowTheVersionThatWasThere) {
    EXPECT_EQ(major_version_in("bullmq:5.81.5"), 5);
    EXPECT_EQ(major_version_in("bullmq-pro:7.1.0"), 7);
    for (const auto* other : {"", "bullmq", "bullmq:", "bullmq:x", "bullmq:-5", "5.81.5", "bullmq:99999999999"})
        EXPECT_EQ(major_version_in(other), 0) << other;
}

TEST(QueueRedisSettings, AreDefaultsOfAQueueThatIsNotThere) {
    EXPECT_EQ(read_settings("mail", {}).settings, queue_settings{.queue = "mail"});
}

TEST(QueueRedisSettings, ThatAreNoNumbersAreNoLimits) {
    const auto broken = read_settings("mail", {{"concurrency", "many"}, {"max", "10"}, {"opts.maxLenEvents", "-1"}});
    EXPECT_EQ(broken.settings, queue_settings{.queue = "mail"}) << "a rate has a duration";
    EXPECT_EQ(broken.max_events, 10'000u);
}

hash_fields applied(hash_fields meta, const meta_change& change) {
    for (const auto& name : change.remove)
        std::erase_if(meta, [&](const auto& each) { return each.first == name; });
    meta.insert(meta.end(), change.set.begin(), change.set.end());
    return meta;
}

TEST(QueueRedisSettings, ComeBackAsTheyWereChanged) {
    const settings_change change{.queue = "mail",
                                 .concurrency = 3,
                                 .rate = rate_limit{.max = 10, .duration = 2s},
                                 .max_length = 100,
                                 .per_group = group_limits{.concurrency = 1, .rate = {.max = 5, .duration = 1min}}};
    const auto meta = applied({}, to_meta(change));
    EXPECT_EQ(read_settings("mail", meta).settings,
              (queue_settings{.queue = "mail",
                              .concurrency = 3,
                              .rate = {.max = 10, .duration = 2s},
                              .max_length = 100,
                              .per_group = {.concurrency = 1, .rate = {.max = 5, .duration = 1min}}}));
    const settings_change none{.concurrency = 0, .rate = rate_limit{}, .max_length = 0, .per_group = group_limits{}};
    EXPECT_EQ(applied(meta, to_meta(none)), hash_fields()) << "no limit is no field";
}

TEST(QueueRedisSettings, ThatAreNotNamedStayAsTheyAre) {
    const auto change = to_meta({.queue = "mail", .paused = true, .max_length = 5});
    EXPECT_EQ(change.set, (hash_fields{{"infra.max_length", "5"}}));
    EXPECT_TRUE(change.remove.empty());
}

} // namespace
} // namespace infra::queue::redis_backend::tests
