#include "src/jump_guard.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

// What has passed since t0 by the wall and by the steady clock, and by what the leases of 9 s are judged.
struct moment {
    std::chrono::milliseconds wall, steady, judged;
};

void expect(const std::vector<moment>& moments) {
    jump_guard guard(9s);
    for (const auto& each : moments)
        EXPECT_EQ(guard.expired_before(t0 + each.wall, steady_time(1h) + each.steady) - t0, each.judged)
            << each.wall.count() << " ms by the wall";
}

TEST(QueueJumpGuard, FollowsAClockThatGoesAsItShould) { expect({{0s, 0s, 0s}, {5s, 5s, 5s}, {1h, 1h, 1h}}); }

TEST(QueueJumpGuard, FollowsAClockThatIsAdjusted) { expect({{0s, 0s, 0s}, {8s, 5s, 8s}, {10s, 10s, 10s}}); }

TEST(QueueJumpGuard, ForgetsAJumpAheadForTheLengthOfALease) {
    expect({{0s, 0s, 0s}, {3605s, 5s, 5s}, {3613s, 13s, 13s}, {3614s, 14s, 3614s}, {3620s, 20s, 3620s}});
}

TEST(QueueJumpGuard, AddsJumpsThatFollowEachOther) { expect({{0s, 0s, 0s}, {101s, 1s, 1s}, {202s, 2s, 2s}}); }

TEST(QueueJumpGuard, FollowsAClockThatIsPutBack) {
    expect({{1h, 0s, 1h}, {1s, 1s, 1s}, {2s, 2s, 2s}});
    expect({{0s, 0s, 0s}, {3601s, 1s, 1s}, {2s, 2s, 2s}, {3s, 3s, 3s}});
}

TEST(QueueJumpGuard, SurvivesTheEndsOfTime) {
    jump_guard guard(9s);
    guard.expired_before(t0, steady_time(1h));
    EXPECT_EQ(guard.expired_before(wall_time::max(), steady_time(1h)), wall_time::max());
    EXPECT_EQ(guard.expired_before(wall_time::min(), steady_time(1h)), wall_time::min());
    EXPECT_EQ(guard.expired_before(wall_time::max(), steady_time(1h)), wall_time::max());
}

} // namespace
} // namespace infra::queue::tests
