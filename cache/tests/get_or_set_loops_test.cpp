// get_or_set among several loops: waiters on others, leaders whose loop goes.

#include "source.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/use_future.hpp>

#include <thread>

namespace infra::cache::tests {
namespace {

class CacheGetOrSetLoops : public ::testing::Test {
protected:
    auto ask(load_options options) { return subject.get_or_set("key", std::move(options), origin.loader()); }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<store> stored = make_memory_store({.max_bytes = 1 << 20}, time);
    cache subject{stored, {}, time};
    source origin;
};

TEST_F(CacheGetOrSetLoops, EachHearsTheResultOnHisOwn) {
    event_loops loops(3);
    loops.start();
    const cache shared(make_memory_store());
    std::atomic<bool> asked{false};
    auto slow = [&asked]() -> awaitable<int> {
        asked = true;
        asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return 7;
    };
    auto one = [&]() -> awaitable<bool> {
        const auto mine = std::this_thread::get_id();
        const int got = co_await shared.get_or_set("key", 1h, slow);
        co_return got == 7 && std::this_thread::get_id() == mine;
    };
    std::vector<std::future<bool>> all;
    for (int i = 0; i < 60; ++i)
        all.push_back(asio::co_spawn(loops.next().get_executor(), one(), asio::use_future));
    for (auto& each : all)
        EXPECT_TRUE(each.get());
    EXPECT_TRUE(asked);
    loops.stop();
}

TEST_F(CacheGetOrSetLoops, ALeaderWhoseLoopGoesLeavesTheLoadToAWaiterElsewhere) {
    auto gone = std::make_unique<test_loop>();
    origin.held = true;
    gone->start(ask({.ttl = 1h}));
    gone->settle();
    const auto waiter = loop.start(ask({.ttl = 1h}));
    loop.settle();
    EXPECT_EQ(origin.started, 1);
    origin.forget_waiting();
    gone.reset();
    ASSERT_TRUE(loop.until([&] { return waiter->ended; }));
    EXPECT_EQ(waiter->value, 1);
    EXPECT_EQ(origin.started, 2);
    EXPECT_EQ(loop.await(subject.get<int>("key")), 1) << "and what it loaded was stored";
}

TEST_F(CacheGetOrSetLoops, ALeaderWhoseLoopGoesLeavesNothingBehindForWhoComesLater) {
    {
        test_loop gone;
        origin.held = true;
        gone.start(ask({.ttl = 1h}));
        gone.settle();
        origin.forget_waiting();
    }
    EXPECT_EQ(loop.await(ask({.ttl = 1h})), 1);
    EXPECT_EQ(loop.await(subject.get<int>("key")), 1);
}

TEST_F(CacheGetOrSetLoops, AWaiterWhoseLoopGoesDisturbsNobody) {
    origin.held = true;
    const auto leader = loop.start(ask({.ttl = 1h}));
    loop.settle();
    {
        test_loop gone;
        gone.start(ask({.ttl = 1h}));
        gone.settle();
    }
    origin.let_go();
    ASSERT_TRUE(loop.until([&] { return leader->ended; }));
    EXPECT_EQ(leader->value, 1);
    EXPECT_EQ(origin.started, 1);
}

TEST_F(CacheGetOrSetLoops, ARefreshWhoseLoopGoesIsBegunAgain) {
    const load_options o{.ttl = 1s, .stale = 1h};
    loop.await(ask(o));
    time.advance(2s);
    {
        test_loop gone;
        origin.held = true;
        EXPECT_EQ(gone.await(ask(o)), 1);
        gone.settle();
        EXPECT_EQ(origin.started, 2);
        origin.forget_waiting();
    }
    origin.next = 3;
    EXPECT_EQ(loop.await(ask(o)), 1);
    loop.settle();
    EXPECT_EQ(loop.await(ask(o)), 3);
}

TEST_F(CacheGetOrSetLoops, WritersAndLoadersOnManyThreadsLeaveNothingOlderThanTheLastWrite) {
    event_loops loops(3);
    loops.start();
    const cache shared(make_memory_store());
    std::atomic<int> truth{0};
    auto load = [&truth]() -> awaitable<int> {
        const int read = truth;
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        co_return read;
    };
    auto reads = [&]() -> awaitable<void> {
        for (int i = 0; i < 500; ++i) {
            const int before = truth;
            EXPECT_GE(co_await shared.get_or_set("key", 1h, load), before - 1)
                << "only the write under way may be missing";
        }
    };
    auto writes = [&]() -> awaitable<void> {
        for (int i = 1; i <= 300; ++i) {
            truth = i;
            co_await shared.del("key");
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
    };
    std::vector<std::future<void>> all;
    all.push_back(asio::co_spawn(loops.next().get_executor(), writes(), asio::use_future));
    for (int i = 0; i < 8; ++i)
        all.push_back(asio::co_spawn(loops.next().get_executor(), reads(), asio::use_future));
    for (auto& each : all)
        each.get();
    EXPECT_EQ(loop.await(shared.get_or_set("key", 1h, load)), 300);
    loops.stop();
}

} // namespace
} // namespace infra::cache::tests
