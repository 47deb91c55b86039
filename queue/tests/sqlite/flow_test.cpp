#include "src/sqlite/flow.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace infra::queue::tests {
namespace {

using sqlite::queue_flow;
using namespace std::chrono_literals;

constexpr auto any = std::numeric_limits<std::size_t>::max();

queue_flow with_rate(std::size_t max, std::chrono::milliseconds duration) {
    return {.settings = {.rate = {.max = max, .duration = duration}}};
}

TEST(QueueFlowOfARow, LetsAnyNumberStartWithoutSettings) {
    EXPECT_EQ(queue_flow().allowance(1'000'000, 0), any);
    EXPECT_TRUE(queue_flow().is_unlimited());
}

TEST(QueueFlowOfARow, LetsNoneStartWhilePaused) {
    const queue_flow paused{.settings = {.paused = true, .concurrency = 5}};
    EXPECT_EQ(paused.allowance(0, 0), 0u);
    EXPECT_FALSE(paused.is_unlimited());
}

TEST(QueueFlowOfARow, LetsAsManyStartAsPlacesAreFree) {
    const queue_flow narrow{.settings = {.concurrency = 5}};
    EXPECT_EQ(narrow.allowance(3, 0), 2u);
    EXPECT_EQ(narrow.allowance(5, 0), 0u);
    EXPECT_EQ(narrow.allowance(9, 0), 0u) << "the limit was lowered while nine ran";
}

TEST(QueueFlowOfARow, CountsStartsFromTheFirst) {
    auto flow = with_rate(3, 100ms);
    EXPECT_EQ(flow.allowance(0, 1000), 3u);
    EXPECT_EQ(flow.opens_at(), std::nullopt);
    flow.started(2, 1000);
    EXPECT_EQ(flow.allowance(0, 1050), 1u);
    flow.started(1, 1050);
    EXPECT_EQ(flow.allowance(0, 1099), 0u);
    EXPECT_EQ(flow.opens_at(), 1100);
    EXPECT_EQ(flow.allowance(0, 1100), 3u);
    flow.started(1, 1150);
    EXPECT_EQ(flow.allowance(0, 1249), 2u);
    EXPECT_EQ(flow.allowance(0, 1250), 3u);
}

TEST(QueueFlowOfARow, BeginsAnewWhenTheClockWasPutBack) {
    auto flow = with_rate(1, 100ms);
    flow.started(1, 1'000'000);
    EXPECT_EQ(flow.allowance(0, 500), 1u);
}

TEST(QueueFlowOfARow, OpensNeverWithinADurationThatNoClockReaches) {
    auto flow = with_rate(1, std::chrono::milliseconds::max());
    flow.started(1, 1000);
    EXPECT_EQ(flow.allowance(0, 1'000'000'000'000), 0u);
}

TEST(QueueFlowOfARow, KeepsToTheNarrowestOfItsLimits) {
    auto flow = with_rate(10, 1s);
    flow.settings.concurrency = 4;
    EXPECT_EQ(flow.allowance(1, 0), 3u);
    flow.started(9, 0);
    EXPECT_EQ(flow.allowance(1, 0), 1u);
}

} // namespace
} // namespace infra::queue::tests
