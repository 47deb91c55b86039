#include "src/ticks.hpp"

#include <gtest/gtest.h>

namespace infra::logging::detail {
namespace {

using namespace std::chrono_literals;

TEST(LogTicks, AreTheTimeOfAClockThatWasHandedIn) {
    manual_clock clock;
    ticks t(clock);
    const auto before = t.now();
    clock.advance(5ms);
    t.adjust();
    EXPECT_EQ(t.wall(before), clock.wall() - 5ms);
    EXPECT_EQ(t.wall(t.now()), clock.wall());
    clock.set_wall(from_unix_ms(7));
    EXPECT_EQ(t.wall(t.now()), from_unix_ms(7));
}

TEST(LogTicks, StandBetweenTheTimesBeforeAndAfter) {
    ticks t(real_clock());
    constexpr auto error = 1ms; // a thread may be stopped between the reading of two clocks
    for (int i = 0; i < 1000; ++i) {
        const auto before = real_clock().wall();
        const auto when = t.now();
        const auto after = real_clock().wall();
        t.adjust();
        const auto found = t.wall(when);
        if (real_clock().wall() - before > error / 2)
            continue;
        EXPECT_GE(found, before - error);
        EXPECT_LE(found, after + error);
    }
}

TEST(LogTicks, DoNotGoBackFromOneAdjustmentToTheNext) {
    ticks t(real_clock());
    wall_time last{};
    for (int i = 0; i < 10'000; ++i) {
        const auto when = t.now();
        if (i % 7 == 0)
            t.adjust();
        const auto found = t.wall(when);
        if (last - found < 1ms) // an administrator may set the clock while this runs
            EXPECT_GE(found, last);
        last = found;
    }
}

} // namespace
} // namespace infra::logging::detail
