#include "src/pace.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace infra::queue::tests {
namespace {

using namespace std::chrono_literals;
using durations = std::vector<steady_time::duration>;

pace seen(const durations& all) {
    pace p;
    for (const auto each : all)
        p.ended(each);
    return p;
}

TEST(QueuePace, KnowsNothingBeforeEightHandlersHaveEnded) {
    EXPECT_EQ(seen({}).usual(), std::nullopt);
    EXPECT_EQ(seen(durations(7, 2ms)).usual(), std::nullopt);
    EXPECT_EQ(seen(durations(8, 2ms)).usual(), 2ms);
}

TEST(QueuePace, FollowsTheLastOnes) {
    auto p = seen(durations(100, 80us));
    EXPECT_EQ(p.usual(), 80us);
    p.ended(880us);
    EXPECT_EQ(p.usual(), 180us);
    for (int i = 0; i < 100; ++i)
        p.ended(80us);
    EXPECT_LT(p.usual(), 81us);
}

TEST(QueuePace, HasToSeeEightAgainOnceItHasForgotten) {
    auto p = seen(durations(8, 1h));
    p.forget();
    EXPECT_EQ(p.usual(), std::nullopt);
    for (int i = 0; i < 8; ++i)
        p.ended(3ms);
    EXPECT_EQ(p.usual(), 3ms);
}

TEST(QueuePace, SurvivesTheEndsOfTime) {
    EXPECT_GT(seen(durations(9, steady_time::duration::max())).usual(), 1h);
    EXPECT_EQ(seen(durations(9, -1h)).usual(), 0ms);
}

TEST(QueuePace, HoldsAsManyAheadAsBeginWithinFiveMilliseconds) {
    const struct {
        std::size_t most, concurrency;
        std::optional<steady_time::duration> usual;
        std::size_t ahead;
    } table[] = {
        {100, 1, std::nullopt, 0}, {100, 1, 0ns, 100},         {100, 1, 50us, 100},
        {100, 1, 51us, 98},        {100, 1, 1ms, 5},           {100, 1, 5ms, 1},
        {100, 1, 5001us, 0},       {100, 10, 1ms, 50},         {100, 10, 50ms, 1},
        {100, 10, 51ms, 0},        {100, 100, 1ms, 100},       {100, 100, 100ms, 5},
        {100, 100, 1h, 0},         {1000, 10'000, 50ms, 1000}, {1000, 10'000, steady_time::duration::max(), 0},
        {1, 100, 1ns, 1},          {0, 100, 1ns, 0},           {0, 100, 0ns, 0},
    };
    for (const auto& row : table)
        EXPECT_EQ(jobs_ahead(row.most, row.concurrency, row.usual), row.ahead)
            << row.concurrency << " places, " << (row.usual ? row.usual->count() : -1) << " ns";
}

} // namespace
} // namespace infra::queue::tests
