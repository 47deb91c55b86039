#include "support.hpp"

#include <infra/health/loop_lag.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

TEST(HealthLoopLag, IsHealthyWhileLoopsComeRound) {
    event_loops loops(2);
    loops.start();
    const loop_lag_check check({.loops = {loops[0].get_executor(), loops[1].get_executor()},
                                .degraded_above = 30min,
                                .unhealthy_above = 30min});
    const auto said = check();
    EXPECT_EQ(said.status, health_status::healthy) << said.message;
    EXPECT_TRUE(said.details.contains("lag_ms"));
}

TEST(HealthLoopLag, TellsOfALoopThatIsBlockedAndAsksItOnlyOnce) {
    event_loops loops(2);
    loops.start();
    const gate blocked;
    asio::post(loops[1].get_executor(), [blocked] { blocked.enter(); });
    blocked.wait_for_entry();
    const loop_lag_check check(
        {.loops = {loops[0].get_executor(), loops[1].get_executor()}, .degraded_above = 1ms, .unhealthy_above = 1ms});
    for (int again = 0; again < 3; ++again) {
        const auto said = check();
        EXPECT_EQ(said.status, health_status::unhealthy);
        EXPECT_EQ(said.message.find("a loop has not come round for "), 0u) << said.message;
    }
    blocked.open();
}

TEST(HealthLoopLag, AsksALoopAnewOnceItHasComeRound) {
    hand_loop loop;
    const loop_lag_check check({.loops = {loop.get_executor()}, .degraded_above = 1ms, .unhealthy_above = 1ms});
    (void)check();
    loop.poll(); // the answer to the first, however late
    EXPECT_EQ(check().message.find("a loop has not come round for "), 0u);
}

TEST(HealthLoopLag, MayGoBeforeTheLoopAnswers) {
    hand_loop loop;
    {
        const loop_lag_check check({.loops = {loop.get_executor()}, .degraded_above = 1ms, .unhealthy_above = 1ms});
        (void)check();
    }
    loop.poll();
}

TEST(HealthLoopLag, DoesNotAskALoopThatHasGone) {
    std::optional<hand_loop> loop(std::in_place);
    const loop_lag_check check({.loops = {loop->get_executor()}, .degraded_above = 1ms, .unhealthy_above = 1ms});
    loop.reset();
    EXPECT_EQ(check().status, health_status::healthy);
}

TEST(HealthLoopLag, NamesABadOption) {
    EXPECT_THROW(loop_lag_check({.degraded_above = 0ms}), std::invalid_argument);
    EXPECT_THROW(loop_lag_check({.degraded_above = 2s}), std::invalid_argument);
    EXPECT_THROW(loop_lag_check({.unhealthy_above = 2h}), std::invalid_argument);
    EXPECT_THROW(loop_lag_check({.loops = {executor()}}), std::invalid_argument);
}

} // namespace
} // namespace infra::health
