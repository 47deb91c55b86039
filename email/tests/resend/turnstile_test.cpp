#include "src/resend/turnstile.hpp"

#include <infra/email/error.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

struct ResendTurnstile : ::testing::Test {
    manual_clock time;
    testing::test_loop loop;
    std::vector<int> order;

    awaitable<void> enter(turnstile& gate, int who, deadline limit = deadline::never()) {
        co_await gate.enter(limit);
        order.push_back(who);
    }
    deadline in(std::chrono::milliseconds d) const { return deadline::after(d, time.steady()); }
};

TEST_F(ResendTurnstile, LetsThroughAtOnceWhileThereIsRoom) {
    turnstile gate(rate_limit(rate{.limit = 2}), 10, time);
    loop.wait(gate.enter(in(0s)));
    loop.wait(gate.enter(in(0s)));
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST_F(ResendTurnstile, LetsThroughInTheOrderOfComing) {
    turnstile gate(rate_limit(rate{.limit = 1}), 10, time);
    loop.wait(gate.enter(in(1h)));
    std::vector<std::shared_ptr<testing::outcome<bool>>> waiting;
    for (int i = 0; i < 3; ++i)
        waiting.push_back(loop.spawn(enter(gate, i)));
    for (int i = 0; i < 3; ++i) {
        gate.leave({});
        time.advance(1s);
        loop.until([&] { return waiting[static_cast<std::size_t>(i)]->done(); });
        loop.settle();
        ASSERT_EQ(order.size(), static_cast<std::size_t>(i) + 1);
        EXPECT_EQ(order.back(), i);
    }
}

TEST_F(ResendTurnstile, RefusesAtOnceWhatWouldNotBeInTime) {
    turnstile gate(rate_limit(rate{.limit = 1}), 10, time);
    loop.wait(gate.enter(in(1h)));
    gate.leave({});
    const auto first = loop.spawn(gate.enter(in(5s)));
    const auto late = loop.run(gate.enter(in(1s))); // second in line: in 2 s at best
    EXPECT_FALSE(first->done());
    try {
        std::rethrow_exception(late->failure);
    } catch (const send_error& e) {
        EXPECT_EQ(e.code(), infra::errc::overloaded);
        EXPECT_TRUE(e.retryable());
        EXPECT_FALSE(e.uncertain());
        EXPECT_EQ(e.retry_after(), 2s);
    }
    time.advance(1s);
    loop.until([&] { return first->done(); });
    EXPECT_TRUE(first->value);
}

TEST_F(ResendTurnstile, RefusesWhoeverItsDeadlineFindsInLine) {
    turnstile gate(rate_limit(rate{.limit = 1}), 10, time);
    loop.wait(gate.enter(in(1h))); // and does not come back
    const auto first = loop.spawn(gate.enter(in(3s)));
    const auto second = loop.spawn(gate.enter(in(4s)));
    loop.settle();
    time.advance(3s);
    loop.until([&] { return first->done(); });
    EXPECT_EQ(first->code(), infra::errc::overloaded) << first->what();
    EXPECT_FALSE(second->done());
    gate.leave({});
    time.advance(1s);
    loop.until([&] { return second->done(); });
    EXPECT_TRUE(second->value) << second->what();
}

TEST_F(ResendTurnstile, MovesUpWhenSomebodyGivesUp) {
    turnstile gate(rate_limit(rate{.limit = 1}), 10, time);
    loop.wait(gate.enter(in(1h)));
    asio::cancellation_signal stop;
    const auto first = loop.spawn(gate.enter(in(1h)), stop.slot());
    const auto second = loop.spawn(enter(gate, 2));
    loop.settle();
    gate.leave({});
    loop.cancel(stop);
    loop.until([&] { return first->done(); });
    EXPECT_EQ(first->code(), asio::error::operation_aborted);
    loop.settle();
    time.advance(1s);
    loop.until([&] { return second->done(); });
    EXPECT_EQ(order, std::vector{2});
}

TEST_F(ResendTurnstile, HearsWhatAnAnswerSays) {
    turnstile gate(rate_limit(), 10, time);
    loop.wait(gate.enter(in(0s)));
    gate.leave({.retry_after = 60s});
    EXPECT_EQ(loop.run(gate.enter(in(30s)))->code(), infra::errc::overloaded);
    const auto patient = loop.spawn(gate.enter(in(90s)));
    loop.settle();
    time.advance(60s);
    loop.until([&] { return patient->done(); });
    EXPECT_TRUE(patient->value);
}

TEST_F(ResendTurnstile, HasAnEnd) {
    turnstile gate(rate_limit(rate{.limit = 1}), 2, time);
    loop.wait(gate.enter(in(1h)));
    const auto first = loop.spawn(gate.enter(in(1h))), second = loop.spawn(gate.enter(in(1h)));
    EXPECT_EQ(loop.run(gate.enter(in(1h)))->code(), infra::errc::overloaded);
    for (const auto& each : {first, second}) {
        EXPECT_FALSE(each->done());
        gate.leave({});
        time.advance(1s);
        loop.until([&] { return each->done(); });
    }
}

TEST(ResendTurnstileThreads, LetEachThroughOnceFromManyLoops) {
    turnstile gate(rate_limit(rate{.limit = 8, .window = 1ms}), 10'000, real_clock());
    std::atomic<int> inside{0}, most{0};
    const auto pass = [&]() -> awaitable<void> {
        co_await gate.enter(deadline::after(60s));
        const departure leaving(gate);
        most = std::max(most.load(), ++inside);
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        --inside;
    };
    event_loops loops(4);
    loops.start();
    std::vector<std::future<void>> all;
    for (int i = 0; i < 400; ++i)
        all.push_back(asio::co_spawn(loops.next().get_executor(), pass(), asio::use_future));
    for (auto& each : all)
        each.get();
    EXPECT_LE(most, 8);
    EXPECT_EQ(inside, 0);
}

} // namespace
} // namespace infra::email::resend
