#include <infra/queue/upcoming.hpp>

#include <gtest/gtest.h>

namespace infra::queue {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

TEST(UpcomingRuns, EndWithTheSchedule) {
    const schedule twice{.every = 1h, .limit = 2};
    EXPECT_EQ(upcoming_runs(twice, t0, 0, 5), (std::vector<wall_time>{t0, t0 + 1h}));
    EXPECT_EQ(upcoming_runs(twice, t0, 1, 5), (std::vector<wall_time>{t0}));
    EXPECT_TRUE(upcoming_runs(twice, std::nullopt, 2, 5).empty());
}

TEST(UpcomingRuns, OfWhatOnlyAnotherProgramCanReadAreTheNextOne) {
    EXPECT_EQ(upcoming_runs({.pattern = "0 0 L-3 * *"}, t0, 0, 5), (std::vector<wall_time>{t0}));
}

} // namespace
} // namespace infra::queue
