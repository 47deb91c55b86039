// Slots that move from one master of a cluster to another.

#include "tests/on_a_cluster.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

namespace infra::redis {
namespace {

using detail::slot_of;
using maybe = std::optional<std::string>;

class RedisClusterMoving : public on_a_cluster {};

TEST_F(RedisClusterMoving, FollowsASlotThatHasMoved) {
    begin();
    const auto key = key_of(0);
    tell({"SET", key, "v"});
    all->move(slot_of(key), 0, 1);
    EXPECT_EQ(ask<maybe>({"GET", key}), "v");
    EXPECT_EQ(ask<int>({"INCR", key_of(0, "other")}), 1);
    EXPECT_EQ(loop.get(redis->transaction({{"GET", key}}))[0].as_text(), "v");
    EXPECT_EQ(all->owner(slot_of(key), 1), 1u);
}

TEST_F(RedisClusterMoving, AsksTheOtherNodeWhileASlotMoves) {
    begin();
    const auto here = key_of(0, "here"), there = key_of(0, "there");
    ASSERT_EQ(slot_of(here), slot_of(there));
    tell({"SET", here, 1});
    all->begin_to_move(slot_of(here), 0, 1);
    EXPECT_EQ(ask<int>({"INCR", here}), 2) << "it has not moved yet";
    EXPECT_EQ(ask<int>({"INCR", there}), 1) << "new keys are made at the new place";
    EXPECT_EQ(ask<int>({"INCR", there}), 2);
    EXPECT_EQ(all->ask(0, {"DBSIZE"}).as_integer(), 1);
    EXPECT_EQ(all->ask(1, {"DBSIZE"}).as_integer(), 1);
    const auto done = loop.get(redis->transaction({{"INCR", there}, {"INCR", there}}));
    EXPECT_EQ(done[1].as_integer(), 4);
    const auto replies = loop.get(redis->execute({{"INCR", here}, {"INCR", there}, {"INCR", here}, {"INCR", there}}));
    EXPECT_EQ(replies[2].as_integer(), 4);
    EXPECT_EQ(replies[3].as_integer(), 6);
    EXPECT_EQ(ask<std::vector<std::string>>({"MGET", there, there}).back(), "6");

    // Some of its keys here, some there: neither node can, until all are at one.
    const auto both = loop.spawn(redis->execute<std::vector<maybe>>({"MGET", here, there}, deadline::after(20s)));
    loop.settle();
    EXPECT_FALSE(both->done());
    all->move_keys(slot_of(here), 0, 1);
    loop.until([&] { return both->done(); });
    ASSERT_TRUE(both->value) << both->what();
    EXPECT_EQ(*both->value, (std::vector<maybe>{"4", "6"}));
    all->end_moving(slot_of(here), 0, 1);
    EXPECT_EQ(ask<int>({"INCR", here}), 5);
}

TEST_F(RedisClusterMoving, CountsOnceAndAllWhileASlotMovesToAndFro) {
    begin();
    const auto slot = slot_of(key_of(0));
    bool stop = false;
    int answered = 0, failed = 0;
    std::string why;
    const auto count = [&](int n) -> awaitable<void> {
        while (!stop) {
            try {
                co_await redis->execute<int>({"INCR", key_of(0, std::to_string(n))}, deadline::after(10s));
                ++answered;
            } catch (const error& e) {
                ++failed;
                why = e.what();
            }
        }
    };
    std::vector<std::shared_ptr<outcome<bool>>> callers;
    for (int i = 0; i < 20; ++i)
        callers.push_back(loop.spawn(count(i)));
    loop.until([&] { return answered > 100; });
    for (std::size_t round = 0; round < 6; ++round) {
        const std::size_t from = round % 3, to = (round + 1) % 3;
        all->begin_to_move(slot, from, to);
        const auto so_far = answered;
        loop.until([&] { return answered > so_far + 200; });
        all->move_keys(slot, from, to);
        all->end_moving(slot, from, to);
        loop.until([&] { return answered > so_far + 400; });
    }
    stop = true;
    loop.until([&] { return std::ranges::all_of(callers, [](const auto& each) { return each->done(); }); });
    int sum = 0;
    for (int i = 0; i < 20; ++i)
        sum += ask<int>({"GET", key_of(0, std::to_string(i))});
    EXPECT_EQ(failed, 0) << why;
    EXPECT_EQ(sum, answered);
}

TEST_F(RedisClusterMoving, WaitsOnAtTheNewPlaceWhenABlockedCommandsSlotMoves) {
    begin();
    const auto key = key_of(0, "list");
    const auto popped = loop.spawn(redis->execute<std::vector<std::string>>({"BLPOP", key, 10}, deadline::after(30s)));
    loop.until([&] { return redis->status().sessions == 1; });
    loop.until([&] {
        const auto info = all->ask(0, {"INFO", "clients"}).as_text();
        return info.find("blocked_clients:1") != std::string::npos;
    });
    all->move(slot_of(key), 0, 1);
    loop.until([&] {
        const auto info = all->ask(1, {"INFO", "clients"}).as_text();
        return info.find("blocked_clients:1") != std::string::npos;
    });
    tell({"RPUSH", key, "x"});
    loop.until([&] { return popped->done(); });
    ASSERT_TRUE(popped->value) << popped->what();
    EXPECT_EQ(popped->value->back(), "x");
}

TEST_F(RedisClusterMoving, IsThereForCallersOnOtherThreadsWhileASlotMoves) {
    begin();
    event_loop one, other;
    one.start();
    other.start();
    const client shared({one.get_executor(), other.get_executor()}, all->to());
    std::atomic<int> sum{0};
    const auto count = [&](int t) {
        for (int i = 0; i < 100; ++i) {
            sum += wait(shared.execute<int>({"INCR", key_of(0, std::to_string(t) + "." + std::to_string(i))}));
            wait(shared.execute<void>({"MSET", "a", i, "b", i, "c", i}));
        }
        const auto news = wait(shared.subscribe({.shard_channels = {key_of(0, "channel")}}));
        return to<int>(wait(shared.execute({"SPUBLISH", key_of(0, "channel"), "x"})));
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back(count, t);
    for (std::size_t round = 0; round < 3; ++round)
        all->move(slot_of(key_of(0)), round, (round + 1) % 3);
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(sum, 300);
    wait(shared.stop(deadline::after(5s)));
    one.stop();
    other.stop();
}

// Each loop learns of a new map while it sends by the one before.
TEST_F(RedisClusterMoving, IsThereForCallersOnEachOfItsLoopsWhileASlotMoves) {
    begin();
    event_loop one, other;
    one.start();
    other.start();
    const client shared({one.get_executor(), other.get_executor()}, all->to());
    std::atomic<bool> stop = false;
    std::atomic<int> answered = 0;
    const auto count = [&](std::string key) -> awaitable<int> {
        int own = 0;
        while (!stop) {
            own = co_await shared.execute<int>({"INCR", key}, deadline::after(20s));
            ++answered;
        }
        co_return own;
    };
    std::vector<std::future<int>> callers;
    for (const auto& on : {one.get_executor(), other.get_executor()})
        for (int i = 0; i < 10; ++i)
            callers.push_back(asio::co_spawn(on, count(key_of(0, std::to_string(callers.size()))), asio::use_future));
    for (std::size_t round = 0; round < 9; ++round) {
        const auto so_far = answered.load();
        loop.until([&] { return answered > so_far + 200; });
        all->move(slot_of(key_of(0)), round % 3, (round + 1) % 3);
    }
    stop = true;
    int sum = 0;
    for (auto& each : callers)
        sum += each.get();
    EXPECT_EQ(sum, answered) << "each key was counted by one caller only";
    wait(shared.stop(deadline::after(5s)));
    one.stop();
    other.stop();
}

} // namespace
} // namespace infra::redis
