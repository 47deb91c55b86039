#include <infra/testing/test_loop.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

namespace infra::testing {
namespace {

awaitable<int> forty_two() { co_return 42; }

awaitable<int> refuse() {
    throw error(errc::closed, "nobody is here");
    co_return 0;
}

awaitable<void> wait_for_ever() {
    asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
}

TEST(TestLoop, GivesWhatAnOperationGives) {
    test_loop loop;
    EXPECT_EQ(loop.get(forty_two()), 42);
}

TEST(TestLoop, TellsWhatAnOperationThrew) {
    test_loop loop;
    const auto end = loop.run(refuse());
    EXPECT_TRUE(end->done());
    EXPECT_EQ(end->code(), errc::closed);
    EXPECT_EQ(end->what(), "nobody is here");
    EXPECT_THROW(loop.get(refuse()), error);
}

TEST(TestLoop, CancelsWhatWaits) {
    test_loop loop;
    asio::cancellation_signal signal;
    const auto end = loop.spawn(wait_for_ever(), signal.slot());
    loop.settle();
    EXPECT_FALSE(end->done());
    loop.cancel(signal);
    loop.until([&] { return end->done(); });
    EXPECT_EQ(end->code(), asio::error::operation_aborted);
}

} // namespace
} // namespace infra::testing
