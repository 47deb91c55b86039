#include "src/loop_lag.hpp"

#include "metrics_recorder.hpp"

#include <infra/base/context_executor.hpp>

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

namespace infra::detail {
namespace {

using namespace std::chrono_literals;

struct LoopLag : testing::Test {
    metrics_recorder metrics;
    manual_clock time;
    asio::io_context io{1};
    lag_watch watch{"a", with_context(io.get_executor()), time};

    void poll() {
        io.restart();
        io.poll();
    }
    std::vector<double> lags() const { return metrics.values("event_loop_lag_seconds{loop=a}"); }
};

TEST_F(LoopLag, IsWhatTheLoopWasBusyForWhenItsTimerWasDue) {
    watch.observe_until(time.steady() + 10s);
    poll();
    time.advance(1s);
    time.advance(250ms); // and the loop comes round only now
    poll();
    EXPECT_EQ(lags(), std::vector{0.25});
}

TEST_F(LoopLag, IsObservedOnceASecondUntilTheEnd) {
    watch.observe_until(time.steady() + 3s);
    poll();
    for (int i = 0; i < 5; ++i) {
        time.advance(1s);
        poll();
    }
    EXPECT_EQ(lags(), (std::vector<double>{0, 0, 0}));
    EXPECT_EQ(time.sleepers(), 0u) << "an idle loop is left alone";
}

TEST_F(LoopLag, IsObservedByOneTimerHoweverOftenItIsAskedFor) {
    for (int i = 0; i < 3; ++i) {
        watch.observe_until(time.steady() + 10s);
        poll();
    }
    EXPECT_EQ(time.sleepers(), 1u);
}

TEST_F(LoopLag, IsObservedForLongerWhenAskedAgain) {
    watch.observe_until(time.steady() + 1s);
    poll();
    watch.observe_until(time.steady() + 2s);
    for (int i = 0; i < 3; ++i) {
        time.advance(1s);
        poll();
    }
    EXPECT_EQ(lags().size(), 2u);
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(LoopLag, IsObservedAgainAfterAPause) {
    watch.observe_until(time.steady() + 1s);
    poll();
    time.advance(1s);
    poll();
    EXPECT_EQ(time.sleepers(), 0u);
    watch.observe_until(time.steady() + 1s);
    poll();
    time.advance(1s);
    poll();
    EXPECT_EQ(lags().size(), 2u);
}

TEST(LoopLagWatch, EndsWithItsLoop) {
    manual_clock time;
    auto io = std::make_unique<asio::io_context>(1);
    lag_watch watch("b", with_context(io->get_executor()), time);
    watch.observe_until(time.steady() + 10s);
    io->poll();
    EXPECT_EQ(time.sleepers(), 1u);
    io.reset();
    EXPECT_EQ(time.sleepers(), 0u);
}

} // namespace
} // namespace infra::detail
