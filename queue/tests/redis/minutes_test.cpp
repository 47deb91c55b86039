#include "src/redis/minutes.hpp"

#include "tests/redis/wire.hpp"
#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;
using history = std::vector<minute_counts>;

TEST(QueueRedisMinutes, AreThoseThatBullmqCounted) {
    const auto& s = scene_named("measured"); // two jobs in the first minute, one in the second, two in the fifth
    const auto completed =
        read_minutes(s.hash("bull:mail:metrics:completed"), s.list("bull:mail:metrics:completed:data"));
    EXPECT_EQ(history_of(completed, {}, t0, t0 + 1h), (history{{.minute = t0, .completed = 2},
                                                               {.minute = t0 + 1min, .completed = 1},
                                                               {.minute = t0 + 4min, .completed = 2}}));
}

TEST(QueueRedisMinutes, LieWithinWhatWasAskedFor) {
    const stored_minutes completed{.count = 7, .count_before = 4, .last = t0 + 2min + 30s, .closed = {3, 1}};
    EXPECT_EQ(history_of(completed, {}, t0 + 1min, t0 + 2min), (history{{.minute = t0 + 1min, .completed = 3}}));
}

TEST(QueueRedisMinutes, OfBothEndsAreJoined) {
    const stored_minutes completed{.count = 3, .count_before = 1, .last = t0 + 1min, .closed = {1}};
    const stored_minutes failed{.count = 5, .last = t0 + 59s};
    EXPECT_EQ(history_of(completed, failed, t0, t0 + 1h),
              (history{{.minute = t0, .completed = 1, .failed = 5}, {.minute = t0 + 1min, .completed = 2}}));
}

TEST(QueueRedisMinutes, OfNothingAreNone) {
    EXPECT_EQ(history_of(read_minutes({}, {}), {}, wall_time::min(), wall_time::max()), history());
}

TEST(QueueRedisMinutes, ThatMakeNoSenseCountNothing) {
    const auto broken = read_minutes({{"count", "2"}, {"prevCount", "7"}, {"prevTS", "1767225600000"}}, {"-1", "many"});
    EXPECT_EQ(history_of(broken, {}, wall_time::min(), wall_time::max()), history());
}

TEST(QueueRedisMinutes, AreKeptForAWeek) {
    const auto read =
        read_minutes({{"count", "1"}, {"prevTS", "1767225600000"}}, std::vector<std::string>(20'000, "1"));
    EXPECT_EQ(read.closed.size(), std::size_t(history_kept / 1min));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
