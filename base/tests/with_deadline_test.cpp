#include <infra/base/with_deadline.hpp>

#include "support.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace infra {
namespace {

using namespace std::chrono_literals;

struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
};

awaitable<no_default> answer_after(clock& time, std::chrono::nanoseconds d, int value) {
    co_await time.sleep_for(d);
    co_return no_default(value);
}

awaitable<void> fail_after(clock& time, std::chrono::nanoseconds d) {
    co_await time.sleep_for(d);
    throw std::runtime_error("refused");
}

// Gives its result although it was cancelled: a commit that had already happened.
awaitable<int> stubborn(clock& time, std::chrono::nanoseconds d) {
    try {
        co_await time.sleep_for(d);
    } catch (const boost::system::system_error&) {
    }
    co_return 7;
}

// Takes one cancellation for a failure it can recover from, and goes on.
awaitable<void> heedless(clock& time) {
    try {
        co_await time.sleep_for(1h);
    } catch (const boost::system::system_error&) {
    }
    co_await asio::this_coro::reset_cancellation_state();
    co_await time.sleep_for(1h);
}

awaitable<void> under_total_cancellation(awaitable<void> operation) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await std::move(operation);
}

awaitable<void> store(awaitable<no_default> from, int& to) { to = (co_await std::move(from)).value; }
awaitable<void> store(awaitable<int> from, int& to) { to = co_await std::move(from); }

struct WithDeadline : testing::Test {
    manual_clock time;
    test_loop loop;
    int value = 0;

    deadline in(std::chrono::nanoseconds d) { return deadline::after(d, time.steady()); }
    void advance(std::chrono::nanoseconds d) {
        loop.poll();
        time.advance(d);
        loop.poll();
    }
};

TEST_F(WithDeadline, GivesTheResultThatCameInTime) {
    loop.spawn(store(with_deadline(answer_after(time, 10ms, 42), in(20ms), time), value));
    advance(10ms);
    EXPECT_EQ(value, 42);
    EXPECT_EQ(time.sleepers(), 0u) << "the deadline's own timer is gone";
}

TEST_F(WithDeadline, ReportsAFastFailureFast) {
    const auto result = loop.spawn(with_deadline(fail_after(time, 20ms), in(500ms), time));
    advance(20ms);
    ASSERT_TRUE(result->done);
    EXPECT_EQ(describe(result->failure), "refused");
}

TEST_F(WithDeadline, TimesOut) {
    const auto result = loop.spawn(store(with_deadline(answer_after(time, 1h, 1), in(20ms), time), value));
    advance(20ms);
    ASSERT_TRUE(result->done);
    EXPECT_EQ(code_of(result->failure), errc::timed_out);
    EXPECT_EQ(time.sleepers(), 0u) << "the operation was cancelled and has ended";
}

TEST_F(WithDeadline, KeepsAResultThatArrivesTogetherWithTheDeadline) {
    loop.spawn(store(with_deadline(stubborn(time, 1h), in(20ms), time), value));
    advance(20ms);
    EXPECT_EQ(value, 7);
}

TEST_F(WithDeadline, PassedDeadlineTimesOutWithoutWaiting) {
    const auto result = loop.spawn(store(with_deadline(answer_after(time, 1h, 1), in(-1s), time), value));
    loop.poll();
    EXPECT_EQ(code_of(result->failure), errc::timed_out);
}

TEST_F(WithDeadline, NeverAddsNothing) {
    loop.spawn(store(with_deadline(answer_after(time, 10ms, 3), deadline::never(), time), value));
    advance(10ms);
    EXPECT_EQ(value, 3);
}

TEST_F(WithDeadline, CancellingItCancelsTheOperationAndIsNotATimeout) {
    asio::cancellation_signal signal;
    const auto result =
        loop.spawn_cancellable(store(with_deadline(answer_after(time, 1h, 1), in(1h), time), value), signal);
    loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    loop.poll();
    ASSERT_TRUE(result->done);
    EXPECT_EQ(code_of(result->failure), asio::error::operation_aborted);
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(WithDeadline, StillTimesOutAnOperationThatDidNotHeedACancellation) {
    asio::cancellation_signal signal;
    const auto result = loop.spawn_cancellable(with_deadline(heedless(time), in(20ms), time), signal);
    loop.poll();
    signal.emit(asio::cancellation_type::terminal);
    loop.poll();
    EXPECT_FALSE(result->done);
    advance(20ms);
    EXPECT_EQ(code_of(result->failure), errc::timed_out);
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(WithDeadline, StillTimesOutAnOperationThatDidNotHearACancellation) {
    asio::cancellation_signal signal;
    auto limited = with_deadline(fail_after(time, 1h), in(20ms), time);
    const auto result = loop.spawn_cancellable(under_total_cancellation(std::move(limited)), signal);
    loop.poll();
    signal.emit(asio::cancellation_type::total); // a spawned operation hears terminal cancellation only
    advance(20ms);
    ASSERT_TRUE(result->done);
    EXPECT_EQ(code_of(result->failure), errc::timed_out);
}

TEST_F(WithDeadline, Nests) {
    auto inner = with_deadline(answer_after(time, 1h, 1), in(10ms), time);
    const auto result = loop.spawn(store(with_deadline(std::move(inner), in(1h), time), value));
    advance(10ms);
    EXPECT_EQ(code_of(result->failure), errc::timed_out);
}

} // namespace
} // namespace infra
