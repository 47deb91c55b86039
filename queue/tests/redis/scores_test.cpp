#include "src/redis/scores.hpp"

#include "tests/support.hpp"

#include <limits>

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

TEST(QueueRedisScores, PutPriorityBeforeOrder) {
    EXPECT_LT(priority_score(1, 4'000'000'000), priority_score(2, 1));
    EXPECT_LT(priority_score(5, 7), priority_score(5, 8));
    EXPECT_LT(priority_score(5, 0), priority_score(5, 1)) << "in front of its priority";
    EXPECT_EQ(priority_score(3, std::uint64_t(1) << 32), priority_score(3, 0)) << "the counter begins anew";
}

TEST(QueueRedisScores, AreWholeAsDoubles) {
    const auto most = priority_score(2'097'151, 0xffff'ffff);
    EXPECT_EQ(most, (std::int64_t(1) << 53) - 1);
    EXPECT_EQ(static_cast<std::int64_t>(double(most)), most);
    const auto late = delay_score(std::chrono::sys_days(std::chrono::year(2039) / 9 / 1)) + 4095;
    EXPECT_EQ(static_cast<std::int64_t>(double(late)), late);
}

TEST(QueueRedisScores, GiveThePriorityBack) {
    for (const int priority : {0, 1, 5, 2'097'151})
        for (const std::uint64_t counter : {0ull, 1ull, 0xffff'ffffull})
            EXPECT_EQ(priority_of(double(priority_score(priority, counter))), priority);
    EXPECT_EQ(priority_of(-1e300), 0);
    EXPECT_EQ(priority_of(std::numeric_limits<double>::quiet_NaN()), 0);
    EXPECT_EQ(priority_of(std::numeric_limits<double>::infinity()), 2'097'152);
}

TEST(QueueRedisScores, LeaveRoomForTheJobsOfOneMillisecond) {
    EXPECT_EQ(delay_score(t0 + 1ms) - delay_score(t0), 4096);
    for (const auto sequence : {0, 1, 4095})
        EXPECT_EQ(run_at_of(double(delay_score(t0 + 5s) + sequence)), t0 + 5s);
}

TEST(QueueRedisScores, AreDueToTheMillisecond) {
    EXPECT_LE(delay_score(t0) + 4095, last_due_score(t0));
    EXPECT_LE(delay_score(t0), last_due_score(t0 + 999us)) << "the clock's millisecond is what counts";
    EXPECT_GT(delay_score(t0 + 1ms), last_due_score(t0 + 999us));
}

TEST(QueueRedisScores, OfAnyNumberAreTimes) {
    EXPECT_EQ(time_at(std::numeric_limits<double>::quiet_NaN()), wall_time{});
    EXPECT_GT(time_at(std::numeric_limits<double>::infinity()), t0);
    EXPECT_LT(time_at(-std::numeric_limits<double>::infinity()), wall_time{});
    EXPECT_EQ(time_at(0.25), wall_time{});
}

TEST(QueueRedisMarkers, SayWhatTheyWakeFor) {
    EXPECT_EQ(marked_time("0", 0), std::nullopt);
    EXPECT_EQ(marked_time("1", double(to_unix_ms(t0 + 5s)) + 0.75), t0 + 5s);
    EXPECT_EQ(marked_time("group", 17), std::nullopt) << "what nobody knows is worth a look";
}

} // namespace
} // namespace infra::queue::redis_backend::tests
