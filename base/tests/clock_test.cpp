#include <infra/base/clock.hpp>

#include "support.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace infra {
namespace {

using namespace std::chrono_literals;

awaitable<void> note_after(clock& time, std::chrono::nanoseconds d, std::vector<int>& order, int name) {
    co_await time.sleep_for(d);
    order.push_back(name);
}

TEST(ManualClock, StandsStillUntilAdvanced) {
    manual_clock time;
    const auto wall = time.wall();
    const auto steady = time.steady();
    EXPECT_EQ(time.wall(), wall);
    time.advance(5s);
    EXPECT_EQ(time.wall(), wall + 5s);
    EXPECT_EQ(time.steady(), steady + 5s);
}

TEST(ManualClock, AdvancesToTheEndOfTimeAtMost) {
    manual_clock time;
    test_loop loop;
    std::vector<int> order;
    loop.spawn(note_after(time, 1h, order, 1));
    loop.poll();
    time.advance(std::chrono::milliseconds::max());
    loop.poll();
    EXPECT_EQ(time.steady(), steady_time::max());
    EXPECT_EQ(order, std::vector{1});
}

TEST(ManualClock, MovesTheWallAloneWhenSet) {
    manual_clock time;
    const auto steady = time.steady();
    time.set_wall(from_unix_ms(0));
    EXPECT_EQ(to_unix_ms(time.wall()), 0);
    EXPECT_EQ(time.steady(), steady);
}

TEST(ManualClock, WakesSleepersInOrderOfTheirTime) {
    manual_clock time;
    test_loop loop;
    std::vector<int> order;
    loop.spawn(note_after(time, 20ms, order, 2));
    loop.spawn(note_after(time, 10ms, order, 1));
    loop.spawn(note_after(time, 30ms, order, 3));
    loop.poll();
    EXPECT_EQ(time.sleepers(), 3u);

    time.advance(20ms);
    loop.poll();
    EXPECT_EQ(order, (std::vector{1, 2}));
    EXPECT_EQ(time.sleepers(), 1u);
}

TEST(ManualClock, DoesNotWaitForWhatHasPassed) {
    manual_clock time;
    test_loop loop;
    std::vector<int> order;
    loop.spawn(note_after(time, 0ms, order, 1));
    loop.spawn(note_after(time, -1s, order, 2));
    loop.poll();
    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(ManualClock, ForgetsACancelledSleeper) {
    manual_clock time;
    test_loop loop;
    asio::cancellation_signal signal;
    std::vector<int> order;
    const auto result = loop.spawn_cancellable(note_after(time, 1h, order, 1), signal);
    loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    loop.poll();
    EXPECT_EQ(code_of(result->failure), asio::error::operation_aborted);
    EXPECT_EQ(time.sleepers(), 0u);
    EXPECT_TRUE(order.empty());
}

TEST(ManualClock, OutlivesALoopWithSleepers) {
    manual_clock time;
    std::vector<int> order;
    {
        test_loop loop;
        loop.spawn(note_after(time, 1h, order, 1));
        loop.poll();
    }
    EXPECT_EQ(time.sleepers(), 0u);
    time.advance(2h);
    EXPECT_TRUE(order.empty());
}

TEST(ManualClock, MayGoBeforeItsSleepers) {
    test_loop loop;
    std::vector<int> order;
    asio::cancellation_signal signal;
    {
        manual_clock time;
        loop.spawn_cancellable(note_after(time, 1h, order, 1), signal);
        loop.poll();
    }
    signal.emit(asio::cancellation_type::terminal);
    loop.poll();
    EXPECT_TRUE(order.empty());
}

TEST(RealClock, SleepsUntilAtLeastTheTimeGiven) {
    test_loop loop;
    const auto when = real_clock().steady() + 1ms;
    const auto result = loop.spawn(real_clock().sleep_until(when));
    loop.run();
    EXPECT_TRUE(result->done);
    EXPECT_GE(real_clock().steady(), when);
}

} // namespace
} // namespace infra
