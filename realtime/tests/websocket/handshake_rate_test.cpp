#include "src/websocket/handshake_rate.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::websocket {
namespace {

using namespace std::chrono_literals;

int take_all(handshake_rate& rate, std::string_view address, steady_time now) {
    int taken = 0;
    while (rate.take(address, now))
        ++taken;
    return taken;
}

TEST(HandshakeRate, GivesOneAddressATenth) {
    steady_time now{};
    handshake_rate rate(100, now);
    EXPECT_EQ(take_all(rate, "10.0.0.1", now), 10);
    EXPECT_EQ(take_all(rate, "10.0.0.2", now), 10);
    now += 500ms;
    EXPECT_EQ(take_all(rate, "10.0.0.1", now), 5);
    now += 1h;
    EXPECT_EQ(take_all(rate, "10.0.0.1", now), 10);
}

TEST(HandshakeRate, BoundsAllTogether) {
    const steady_time now{};
    handshake_rate rate(20, now);
    int taken = 0;
    for (int i = 0; i < 100; ++i)
        taken += take_all(rate, "10.0.0." + std::to_string(i), now);
    EXPECT_EQ(taken, 20);
}

TEST(HandshakeRate, LetsOneInNowAndThenHoweverSmallItIs) {
    steady_time now{};
    handshake_rate rate(0.5, now);
    EXPECT_EQ(take_all(rate, "10.0.0.1", now), 1);
    now += 19s;
    EXPECT_EQ(take_all(rate, "10.0.0.1", now), 0);
    now += 2s;
    EXPECT_EQ(take_all(rate, "10.0.0.1", now), 1);
}

TEST(HandshakeRate, RemembersNoMoreThanItMust) {
    steady_time now{};
    handshake_rate rate(1e9, now);
    for (int i = 0; i < 30'000; ++i)
        rate.take("10." + std::to_string(i / 250) + ".0." + std::to_string(i % 250), now);
    EXPECT_LE(rate.remembered(), 10'000u);
    now += 2s;
    rate.take("10.0.0.1", now);
    EXPECT_LE(rate.remembered(), 1u);
}

TEST(HandshakeRate, CountsAHouseholdOnce) {
    EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2::1"));
    EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
    EXPECT_EQ(network_of("::ffff:10.0.0.1"), network_of("10.0.0.1"));
    EXPECT_NE(network_of("10.0.0.1"), network_of("10.0.0.2"));
    EXPECT_EQ(network_of("nobody"), "nobody");
}

} // namespace
} // namespace infra::realtime::websocket
