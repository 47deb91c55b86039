#include "../src/background.hpp"

#include "support.hpp"

namespace infra::cache::tests {
namespace {

class CacheBackground : public ::testing::Test {
protected:
    awaitable<void> job(int* count) {
        asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
        boost::system::error_code ec;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        ++*count;
    }

    test_loop loop;
    manual_clock time;
    int ended = 0;
};

TEST_F(CacheBackground, RunsSoManyAndNoMore) {
    background behind(2);
    EXPECT_TRUE(behind.spawn(loop.get_executor(), job(&ended)));
    EXPECT_TRUE(behind.spawn(loop.get_executor(), job(&ended)));
    EXPECT_FALSE(behind.spawn(loop.get_executor(), job(&ended)));
    EXPECT_EQ(behind.running(), 2U);
    loop.await(behind.stop(deadline(time.steady()), time));
    EXPECT_EQ(ended, 2);
}

TEST_F(CacheBackground, MakesRoomWhenOneEnds) {
    background behind(1);
    auto at_once = []() -> awaitable<void> { co_return; };
    EXPECT_TRUE(behind.spawn(loop.get_executor(), at_once()));
    loop.settle();
    EXPECT_EQ(behind.running(), 0U);
    EXPECT_TRUE(behind.spawn(loop.get_executor(), at_once()));
    loop.settle();
}

// It is over before spawn() returns, and Asio looks at its cancellation slot once more after that.
TEST_F(CacheBackground, AJobMayEndAtOnceOnItsOwnLoop) {
    background behind(1);
    auto at_once = [](int* count) -> awaitable<void> {
        ++*count;
        co_return;
    };
    auto spawns = [&]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i) {
            EXPECT_TRUE(behind.spawn(co_await asio::this_coro::executor, at_once(&ended)));
            EXPECT_EQ(behind.running(), 0U);
        }
    };
    loop.await(spawns());
    loop.settle();
    EXPECT_EQ(ended, 10);
}

TEST_F(CacheBackground, WaitsUntilTheLimitThenCancels) {
    background behind(2);
    behind.spawn(loop.get_executor(), job(&ended));
    const auto stopped = loop.start(behind.stop(deadline::after(5s, time.steady()), time));
    loop.settle();
    EXPECT_FALSE(stopped->ended);
    EXPECT_FALSE(behind.spawn(loop.get_executor(), job(&ended))) << "stopped";
    time.advance(5s);
    EXPECT_TRUE(loop.until([&] { return stopped->ended; }));
    EXPECT_EQ(ended, 1);
    loop.await(behind.stop(deadline::never(), time));
}

TEST_F(CacheBackground, WaitsASecondLongerAndNoMoreForWhatHeedsNoCancellation) {
    background behind(1);
    asio::steady_timer timer(loop.io, steady_time::max());
    auto deaf = [&]() -> awaitable<void> {
        boost::system::error_code ec;
        co_await timer.async_wait(
            asio::bind_cancellation_slot(asio::cancellation_slot(), asio::redirect_error(asio::use_awaitable, ec)));
    };
    behind.spawn(loop.get_executor(), deaf());
    const auto stopped = loop.start(behind.stop(deadline::after(5s, time.steady()), time));
    loop.settle();
    time.advance(5s);
    loop.settle();
    EXPECT_FALSE(stopped->ended);
    time.advance(1s);
    EXPECT_TRUE(loop.until([&] { return stopped->ended; }));
    EXPECT_EQ(behind.running(), 1U);
    timer.cancel();
    loop.settle();
    EXPECT_EQ(behind.running(), 0U);
}

TEST_F(CacheBackground, JobsEndWithTheirLoop) {
    background behind(2);
    {
        test_loop gone;
        behind.spawn(gone.get_executor(), job(&ended));
        gone.settle();
        EXPECT_EQ(behind.running(), 1U);
    }
    EXPECT_EQ(behind.running(), 0U);
    EXPECT_EQ(ended, 0);
    loop.await(behind.stop(deadline::never(), time));
}

TEST_F(CacheBackground, GivesAJobToALoopThatComesToItLater) {
    background behind(1);
    test_loop there;
    const background::home home(there.get_executor());
    EXPECT_TRUE(behind.spawn_at(home, job(&ended)));
    EXPECT_FALSE(behind.spawn_at(home, job(&ended))) << "one is under way";
    const auto stopped = loop.start(behind.stop(deadline::after(5s, time.steady()), time));
    loop.settle();
    EXPECT_FALSE(stopped->ended) << "it waits for what has not begun yet";
    there.settle();
    time.advance(5s);
    EXPECT_TRUE(loop.until([&] {
        there.settle();
        return stopped->ended;
    }));
    EXPECT_EQ(ended, 1);
}

TEST_F(CacheBackground, BeginsNoJobThatWasCancelledBefore) {
    background behind(1);
    test_loop there;
    const background::home home(there.get_executor());
    EXPECT_TRUE(behind.spawn_at(home, job(&ended)));
    behind.cancel();
    there.settle();
    EXPECT_EQ(behind.running(), 0U);
    EXPECT_FALSE(behind.spawn_at(home, job(&ended)));
}

TEST_F(CacheBackground, GivesNoJobToALoopThatHasEnded) {
    background behind(1);
    auto there = std::make_unique<test_loop>();
    const background::home home(there->get_executor());
    EXPECT_TRUE(behind.spawn_at(home, job(&ended)));
    there.reset();
    EXPECT_EQ(behind.running(), 0U);
    behind.spawn_at(home, job(&ended));
    EXPECT_EQ(behind.running(), 0U);
    EXPECT_EQ(ended, 0);
}

} // namespace
} // namespace infra::cache::tests
