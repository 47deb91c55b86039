#include "src/rotation.hpp"

#include <gtest/gtest.h>

namespace infra::logging::detail {
namespace {

using namespace std::chrono_literals;

TEST(LogRotation, CountsHoursAndDaysInUtc) {
    const wall_time t = from_unix_ms(1'767'225'600'000); // 2026-01-01T00:00:00Z
    EXPECT_EQ(period_of(t, rotate_every::never), period_of(t + 24h * 400, rotate_every::never));
    EXPECT_EQ(period_of(t, rotate_every::hour), period_of(t + 1h - 1ns, rotate_every::hour));
    EXPECT_EQ(period_of(t, rotate_every::hour) + 1, period_of(t + 1h, rotate_every::hour));
    EXPECT_EQ(period_of(t, rotate_every::day), period_of(t + 24h - 1ns, rotate_every::day));
    EXPECT_EQ(period_of(t, rotate_every::day) - 1, period_of(t - 1ns, rotate_every::day));
}

TEST(LogRotation, FitsWholeLinesOnly) {
    struct row {
        std::string_view lines;
        std::uint64_t size, max_bytes;
        std::size_t fit;
    };
    const row table[] = {
        {"ab\ncd\n", 0, 0, 6},    // no limit
        {"ab\ncd\n", 94, 100, 6}, // just so
        {"ab\ncd\n", 95, 100, 3}, // the first
        {"ab\ncd\n", 97, 100, 3},  {"ab\ncd\n", 98, 100, 0}, {"ab\ncd\n", 100, 100, 0},
        {"ab\ncd\n", 200, 100, 0}, {"ab\ncd\n", 0, 2, 3}, // longer than any file: alone
        {"ab\ncd\n", 1, 2, 0},
    };
    for (const auto& each : table)
        EXPECT_EQ(fitting(each.lines, each.size, each.max_bytes), each.fit) << each.size << ' ' << each.max_bytes;
}

TEST(LogRotation, NumbersOldFiles) {
    EXPECT_EQ(numbered("var/app.log", 0), "var/app.log");
    EXPECT_EQ(numbered("var/app.log", 12), "var/app.log.12");
}

} // namespace
} // namespace infra::logging::detail
