#include <infra/testing/stopwatch.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace infra::testing {
namespace {

using namespace std::chrono_literals;

TEST(Stopwatch, GoesOnWhileItsLoopWaits) {
    test_loop loop;
    const auto began = std::chrono::steady_clock::now();
    const stopwatch watch(loop.get_executor());
    EXPECT_EQ(watch.elapsed(), 0ms);
    loop.until([&] { return watch.elapsed() >= 50ms; });
    EXPECT_GE(std::chrono::steady_clock::now() - began, watch.elapsed());
}

TEST(Stopwatch, StandsWhileItsLoopDoesNotTurn) {
    test_loop loop;
    const stopwatch watch(loop.get_executor());
    std::this_thread::sleep_for(100ms); // a machine that stands still
    loop.io.run_one();
    EXPECT_EQ(watch.elapsed(), stopwatch::moment);
}

TEST(Stopwatch, LeavesNothingOnItsLoop) {
    test_loop loop;
    {
        const stopwatch gone(loop.get_executor());
    }
    loop.settle();
    EXPECT_TRUE(loop.io.stopped());
}

} // namespace
} // namespace infra::testing
