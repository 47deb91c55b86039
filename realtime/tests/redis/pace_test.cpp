#include "realtime/src/redis/pace.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace infra::realtime::over_redis {
namespace {

using namespace std::chrono_literals;
using sizes = std::vector<std::size_t>;

/// The size after each batch, of which one that failed took a negative time.
sizes after(pace p, const std::vector<std::chrono::milliseconds>& batches) {
    sizes out;
    for (const auto each : batches) {
        each < 0ms ? p.failed() : p.went_in(each);
        out.push_back(p.at_once());
    }
    return out;
}

/// Sizes over a link that takes so long for each message.
sizes over(std::chrono::milliseconds each, pace p, int batches) {
    sizes out;
    for (int i = 0; i < batches; ++i) {
        const auto time = each * p.at_once();
        time > 1s ? p.failed() : p.went_in(time);
        out.push_back(p.at_once());
    }
    return out;
}

TEST(Pace, BeginsWhereItIsTold) { EXPECT_EQ(pace(7, 128).at_once(), 7u); }

TEST(Pace, QuartersWhatFailedAndHalvesWhatWasSlow) {
    EXPECT_EQ(after(pace(64, 64), {-1ms, 501ms, -1ms, -1ms, 2'000ms}), (sizes{16, 8, 2, 1, 1}));
}

TEST(Pace, DoublesWhatWasQuickUpToTheMost) {
    EXPECT_EQ(after(pace(1, 5), {124ms, 0ms, 0ms, 0ms}), (sizes{2, 4, 5, 5}));
}

TEST(Pace, KeepsWhatIsNeither) { EXPECT_EQ(after(pace(8, 8), {-1ms, 125ms, 300ms, 500ms}), (sizes{2, 2, 2, 2})); }

TEST(Pace, ComesNearWhatFailedBySmallSteps) {
    EXPECT_EQ(after(pace(128, 128), {-1ms, 0ms, 0ms, 0ms, -1ms, 0ms, 0ms}), (sizes{32, 64, 65, 66, 16, 32, 33}));
    EXPECT_EQ(after(pace(1'280, 1'280), {-1ms, 0ms, 0ms}), (sizes{320, 640, 650}));
}

TEST(Pace, SettlesWhereALinkIsAtEaseAndStaysThere) {
    EXPECT_EQ(over(20ms, pace(128, 128), 4), (sizes{32, 16, 16, 16}));
    EXPECT_EQ(over(400ms, pace(128, 128), 6), (sizes{32, 8, 2, 1, 1, 1}));
    EXPECT_EQ(over(0ms, pace(128, 128), 2), (sizes{128, 128}));
}

} // namespace
} // namespace infra::realtime::over_redis
