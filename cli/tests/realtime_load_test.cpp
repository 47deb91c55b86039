#include "src/realtime_load.hpp"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

TEST(LatencyTable, KnowsSharesToWithinAFewPercent) {
    latency_table t;
    EXPECT_EQ(t.within(0.99), 0ns);
    for (int i = 1; i <= 1000; ++i)
        t.add(std::chrono::microseconds(i));
    EXPECT_EQ(t.count(), 1000u);
    EXPECT_NEAR(std::chrono::duration<double>(t.within(0.5)).count(), 500e-6, 40e-6);
    EXPECT_NEAR(std::chrono::duration<double>(t.within(0.99)).count(), 990e-6, 70e-6);
    EXPECT_EQ(t.within(1), 1ms);
    EXPECT_EQ(t.longest(), 1ms);
}

TEST(LatencyTable, TakesAnyTime) {
    latency_table t;
    for (const auto each : {-5ns, 0ns, 1ns, 15ns, std::chrono::nanoseconds::max()})
        t.add(each);
    EXPECT_EQ(t.count(), 5u);
    EXPECT_LE(t.within(0.4), 3ns);
    EXPECT_EQ(t.within(1), std::chrono::nanoseconds::max());
}

TEST(LoadTarget, IsAPlainWebSocket) {
    using target = std::optional<load_target>;
    EXPECT_EQ(parse_load_target("ws://127.0.0.1:3000/ws"), target({"127.0.0.1", "3000", "/ws"}));
    EXPECT_EQ(parse_load_target("http://shop.example"), target({"shop.example", "80", "/ws"}));
    EXPECT_EQ(parse_load_target("http://shop.example/"), target({"shop.example", "80", "/ws"}));
    EXPECT_EQ(parse_load_target("ws://[::1]:3000/live?a=1"), target({"::1", "3000", "/live?a=1"}));
    for (const auto* bad : {"wss://shop.example/ws", "https://shop.example", "shop.example:3000", "ws://", "ws://a:/ws",
                            "ws://user:secret@host/ws", ""})
        EXPECT_EQ(parse_load_target(bad), std::nullopt) << bad;
}

} // namespace
} // namespace infra::cli
