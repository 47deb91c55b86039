#include "src/parts/stall.hpp"

#include <infra/storage/error.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct WhileMoving : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    std::shared_ptr<steady_time> moved = std::make_shared<steady_time>(time.steady());

    awaitable<void> move_every(std::chrono::milliseconds pause, int times) {
        for (int i = 0; i < times; ++i) {
            co_await time.sleep_for(pause);
            *moved = time.steady();
        }
    }
    auto begin(awaitable<void> work, asio::cancellation_slot slot = {}) {
        return loop.spawn(while_moving(std::move(work), moved, 10s, time), slot);
    }
    void advance(std::chrono::milliseconds d) {
        loop.settle();
        time.advance(d);
        loop.settle();
    }
};

TEST_F(WhileMoving, LetsGoOnWhatMoves) {
    const auto working = begin(move_every(9s, 5));
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(working->done());
        advance(9s);
    }
    EXPECT_TRUE(working->value);
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(WhileMoving, EndsWhatDoesNot) {
    const auto working = begin(move_every(9s, 1));
    const auto stuck = begin(move_every(1h, 1));
    advance(9s);
    EXPECT_TRUE(working->value);
    EXPECT_FALSE(stuck->done()) << "something has moved a moment ago";
    advance(10s);
    ASSERT_TRUE(stuck->done());
    EXPECT_EQ(stuck->code(), infra::errc::timed_out);
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(WhileMoving, ThrowsWhatTheWorkThrows) {
    const auto failing = [this]() -> awaitable<void> {
        co_await time.sleep_for(1s);
        throw std::runtime_error("broken");
    };
    const auto working = begin(failing());
    advance(1s);
    EXPECT_EQ(working->what(), "broken");
}

TEST_F(WhileMoving, IsCancelledWithItsWork) {
    asio::cancellation_signal stop;
    const auto working = begin(move_every(1h, 1), stop.slot());
    loop.settle();
    loop.cancel(stop);
    loop.until([&] { return working->done(); });
    EXPECT_EQ(working->code(), asio::error::operation_aborted);
    EXPECT_EQ(time.sleepers(), 0u);
}

} // namespace
} // namespace infra::storage
