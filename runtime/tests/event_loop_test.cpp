#include <infra/runtime/event_loop.hpp>

#include <infra/base/context.hpp>
#include <infra/base/time.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <stdexcept>
#include <thread>

namespace infra {
namespace {

awaitable<event_loop*> where_am_i() {
    co_await asio::post(asio::use_awaitable);
    co_return event_loop::current();
}

TEST(EventLoop, RunsWhatIsSpawnedOnItsOwnThread) {
    event_loop loop;
    loop.start();
    EXPECT_EQ(asio::co_spawn(loop.get_executor(), where_am_i(), asio::use_future).get(), &loop);
    EXPECT_EQ(event_loop::current(), nullptr);
}

TEST(EventLoop, RunsOnTheCallingThreadUntilStopped) {
    event_loop loop;
    bool ran = false;
    asio::post(loop.get_executor(), [&] {
        ran = loop.running_in_this_thread();
        loop.stop();
    });
    loop.run();
    EXPECT_TRUE(ran);
    EXPECT_EQ(event_loop::current(), nullptr);
}

TEST(EventLoop, StopsTwiceAndBeforeItStarted) {
    event_loop loop;
    loop.stop();
    loop.stop();
    loop.run(); // returns at once: stop() is for good
}

TEST(EventLoop, RefusesToStartTwice) {
    event_loop loop;
    loop.start();
    EXPECT_THROW(loop.start(), std::logic_error);
}

TEST(EventLoop, CarriesTheContext) {
    event_loop loop;
    loop.start();
    const auto read = []() -> awaitable<std::string> {
        co_await asio::post(asio::use_awaitable);
        co_return std::string(context::current().request_id());
    };
    const context_scope in(context::current().with_request_id("r-1"));
    EXPECT_EQ(asio::co_spawn(loop.get_executor(), read(), asio::use_future).get(), "r-1");
}

TEST(EventLoop, DestroysWhatStillWaits) {
    auto alive = std::make_shared<int>(0);
    const std::weak_ptr<int> seen = alive;
    {
        event_loop loop;
        loop.start();
        const auto wait_for_ever = [](std::shared_ptr<int> held) -> awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
            co_await timer.async_wait(asio::use_awaitable);
            *held = 1;
        };
        asio::co_spawn(loop.get_executor(), wait_for_ever(std::move(alive)), asio::detached);
        asio::post(loop.get_executor(), asio::use_future).get();
    }
    EXPECT_TRUE(seen.expired());
}

TEST(EventLoop, IsStoppedFromSeveralThreadsAtOnce) {
    for (int i = 0; i < 20; ++i) {
        event_loop loop;
        loop.start();
        std::thread other([&loop] { loop.stop(); });
        loop.stop();
        other.join();
    }
}

awaitable<void> for_ever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
    co_await timer.async_wait(asio::use_awaitable);
}

awaitable<void> await_on(executor other) { co_await asio::co_spawn(other, for_ever(), asio::use_awaitable); }

awaitable<void> hop_for_ever(executor other) {
    const auto nothing = []() -> awaitable<void> { co_return; };
    while (true)
        co_await asio::co_spawn(other, nothing(), asio::use_awaitable);
}

// Memory errors where it goes wrong: the sanitizers' builds see them.
TEST(EventLoops, AreDestroyedWhileOneAwaitsAnother) {
    event_loops loops(2);
    loops.start();
    asio::co_spawn(loops[0].get_executor(), await_on(loops[1].get_executor()), asio::detached);
    asio::co_spawn(loops[1].get_executor(), await_on(loops[0].get_executor()), asio::detached);
    for (const std::size_t i : {0u, 1u, 0u, 1u})
        asio::post(loops[i].get_executor(), asio::use_future).get();
}

TEST(EventLoops, AreDestroyedWhileTheyTalkToEachOther) {
    for (int i = 0; i < 20; ++i) {
        event_loops loops(2);
        loops.start();
        asio::co_spawn(loops[0].get_executor(), hop_for_ever(loops[1].get_executor()), asio::detached);
        asio::co_spawn(loops[1].get_executor(), hop_for_ever(loops[0].get_executor()), asio::detached);
        asio::post(loops[1].get_executor(), asio::use_future).get();
    }
}

TEST(EventLoops, HandOutTheirLoopsInTurn) {
    event_loops loops(3);
    std::set<event_loop*> seen;
    for (int i = 0; i < 3; ++i)
        seen.insert(&loops.next());
    EXPECT_EQ(seen.size(), 3u);
    EXPECT_EQ(&loops.next(), &loops[0]);
}

TEST(EventLoops, AreOneACoreUnlessTold) {
    EXPECT_EQ(event_loops().size(), std::max(1u, std::thread::hardware_concurrency()));
    EXPECT_THROW(event_loops(1025), std::invalid_argument);
}

} // namespace
} // namespace infra
