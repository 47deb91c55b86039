#include "support.hpp"

#include <infra/queue/groups.hpp>

namespace infra::queue::tests {
namespace {

TEST(QueueGroupRules, AGroupIsOpenBelowItsConcurrency) {
    EXPECT_TRUE(is_open({}, 1000, std::nullopt));
    EXPECT_TRUE(is_open({.concurrency = 2}, 1, std::nullopt));
    EXPECT_FALSE(is_open({.concurrency = 2}, 2, std::nullopt));
    EXPECT_FALSE(is_open({.concurrency = 2}, 3, std::nullopt));
}

TEST(QueueGroupRules, AGroupIsOpenBelowItsRate) {
    const group_limits limits{.rate = {.max = 2, .duration = 10s}};
    EXPECT_TRUE(is_open(limits, 0, std::nullopt));
    EXPECT_TRUE(is_open(limits, 0, rate_window{t0, 1}));
    EXPECT_FALSE(is_open(limits, 0, rate_window{t0, 2}));
    EXPECT_TRUE(is_open({}, 0, rate_window{t0, 2}));
}

TEST(QueueGroupRules, AWindowLastsFromItsFirstStart) {
    const rate_limit limit{.max = 2, .duration = 10s};
    auto window = after_start(std::nullopt, limit, t0);
    EXPECT_EQ(window, (rate_window{t0, 1}));
    window = after_start(window, limit, t0 + 9999ms);
    EXPECT_EQ(window, (rate_window{t0, 2}));
    EXPECT_EQ(after_start(window, limit, t0 + 10s), (rate_window{t0 + 10s, 1}));
}

TEST(QueueGroupRules, AWindowOfAClockThatWasPutBackIsOver) {
    EXPECT_TRUE(is_over({t0, 1}, {.max = 1, .duration = 10s}, t0 - 1ms));
    EXPECT_FALSE(is_over({t0, 1}, {.max = 1, .duration = 10s}, t0));
}

} // namespace
} // namespace infra::queue::tests
