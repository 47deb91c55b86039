// A real cluster: three masters, with replicas where one is killed.

#include "src/slot.hpp"
#include "tests/nodes.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>

namespace infra::redis {
namespace {

using detail::slot_of;
using maybe = std::optional<std::string>;

class RedisCluster : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
    }

    void begin(bool with_replicas = false) {
        all.emplace(loop, with_replicas);
        redis.emplace(std::vector{loop.get_executor()}, all->to());
    }

    template <class T>
    T ask(command c) {
        return loop.get(redis->execute<T>(std::move(c)));
    }
    void tell(command c) { loop.wait(redis->execute<void>(std::move(c))); }

    /// A key whose slot node `i` has in the beginning.
    static std::string key_of(std::size_t i, const std::string& name = "key") {
        for (int n = 0;; ++n) {
            auto key = "{" + std::to_string(n) + "}" + name;
            if (slot_of(key) / 5461 == i)
                return key;
        }
    }

    test_loop loop;
    std::optional<nodes> all;
    std::optional<client> redis;
};

// --- Commands --------------------------------------------------------------------------------------------------------

TEST_F(RedisCluster, SendsEachCommandToTheNodeOfItsKey) {
    begin();
    for (int i = 0; i < 100; ++i)
        tell({"SET", "k" + std::to_string(i), i});
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(ask<int>({"GET", "k" + std::to_string(i)}), i);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_GT(all->ask(i, {"DBSIZE"}).as_integer(), 10) << i;
    EXPECT_EQ(redis->status().connections, 3u);
    EXPECT_EQ(redis->status().expected, 3u);

    // What is for all nodes goes to all.
    EXPECT_EQ(ask<int>({"DBSIZE"}), 100);
    EXPECT_EQ(ask<std::vector<std::string>>({"KEYS", "k*"}).size(), 100u);
    tell({"FLUSHALL"});
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(all->ask(i, {"DBSIZE"}).as_integer(), 0) << i;
    EXPECT_EQ(ask<std::string>({"PING"}), "PONG");
    EXPECT_EQ(loop.run(redis->execute({"SCAN", 0}))->code(), infra::errc::invalid_input);
}

TEST_F(RedisCluster, SplitsWhatNamesManyKeysAndJoinsTheReplies) {
    begin();
    command set("MSET"), get("MGET"), exists("EXISTS"), del("UNLINK");
    std::vector<maybe> wanted;
    for (int i = 0; i < 50; ++i) {
        const auto key = "k" + std::to_string(i);
        set.add(key).add(i);
        get.add(key).add("none" + std::to_string(i));
        exists.add(key).add(key);
        del.add(key);
        wanted.insert(wanted.end(), {std::to_string(i), std::nullopt});
    }
    EXPECT_EQ(ask<std::string>(set), "OK");
    EXPECT_EQ(ask<std::vector<maybe>>(get), wanted);
    EXPECT_EQ(ask<int>(exists), 100);
    EXPECT_EQ(ask<int>(del), 50);
    EXPECT_EQ(ask<int>({"DBSIZE"}), 0);
}

TEST_F(RedisCluster, AnswersABatchInItsOrder) {
    begin();
    batch b;
    for (int i = 0; i < 60; ++i) {
        const auto key = "{k" + std::to_string(i % 20) + "}";
        b.add({"RPUSH", key, i}).add({"LRANGE", key, 0, -1}).add({"PING", std::to_string(i)});
    }
    b.add({"MGET", "x", "y", "z"});
    const auto replies = loop.get(redis->execute(b));
    ASSERT_EQ(replies.size(), 181u);
    for (std::size_t i = 0; i < 60; ++i) {
        EXPECT_EQ(replies[3 * i].as_integer(), static_cast<std::int64_t>(i / 20 + 1));
        EXPECT_EQ(to<std::vector<int>>(replies[3 * i + 1]).back(), static_cast<int>(i))
            << "the push before has been done";
        EXPECT_EQ(replies[3 * i + 2].as_text(), std::to_string(i));
    }
    EXPECT_EQ(replies.back().items().size(), 3u);
}

TEST_F(RedisCluster, RefusesBeforeSendingWhatNoNodeCouldDo) {
    begin();
    const auto crossing = loop.run(redis->execute({"RENAME", "a", "b"}));
    EXPECT_EQ(crossing->code(), infra::errc::invalid_input);
    EXPECT_NE(crossing->what().find("CROSSSLOT"), std::string::npos) << crossing->what();
    EXPECT_EQ(loop.run(redis->transaction({{"SET", "a", 1}, {"SET", "b", 2}}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(redis->lease())->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "a", "b", 1}))->code(), infra::errc::invalid_input);
}

TEST_F(RedisCluster, AsksTheServerWhereTheKeysOfACommandAre) {
    begin();
    for (std::size_t i = 0; i < 3; ++i) {
        tell({"SET", key_of(i), "v"});
        EXPECT_GT(ask<int>({"MEMORY", "USAGE", key_of(i)}), 0);
    }
    EXPECT_EQ(loop.get(redis->execute({"NO.SUCH", "k"})).error_code(), "ERR");
    auto narrow = all->to();
    narrow.max_queued_commands = 1;
    const client other({loop.get_executor()}, narrow);
    EXPECT_GT(loop.get(other.execute<int>({"MEMORY", "USAGE", key_of(0)})), 0)
        << "the question takes no room of its own";
}

TEST_F(RedisCluster, TakesScriptsAndTransactionsToTheNodeOfTheirKeys) {
    begin();
    const script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(loop.get(redis->execute<int>(add.call({key_of(i)}, {5}))), 5) << "no node knows it yet";
        EXPECT_EQ(loop.get(redis->execute<int>(add.call({key_of(i)}, {5}))), 10);
        const auto done = loop.get(redis->transaction({{"INCR", key_of(i)}, add.call({key_of(i)}, {1}), {"PING"}}));
        EXPECT_EQ(done[1].as_integer(), 12);
    }
    batch b;
    const script other("return redis.call('INCRBY', KEYS[1], ARGV[1] + 1)");
    for (std::size_t i = 0; i < 3; ++i)
        b.add(other.call({key_of(i)}, {1}));
    for (const auto& each : loop.get(redis->execute(b)))
        EXPECT_EQ(each.as_integer(), 14);
}

TEST_F(RedisCluster, RunsAScriptOnceThatAnswersAsANodeWould) {
    begin();
    const auto key = key_of(0);
    int runs = 0;
    for (const std::string said :
         {"TRYAGAIN later", "CLUSTERDOWN really", "MOVED 1 127.0.0.1:1", "ASK 1 127.0.0.1:1"}) {
        const script count("redis.call('INCR', KEYS[1]) return redis.error_reply('" + said + "')");
        EXPECT_EQ(loop.get(redis->execute(count.call({key}))).error_message(), said);
        EXPECT_EQ(ask<int>({"GET", key}), ++runs);
    }
}

TEST_F(RedisCluster, SaysThatAPartWasExecutedWhenAnotherWasRefused) {
    begin();
    tell({"MSET", key_of(0), "x", key_of(1), "x"});
    all->ask(1, {"CONFIG", "SET", "maxmemory", 1});
    const auto half = loop.run(redis->execute({"MSET", key_of(0), "y", key_of(1), "y"}));
    EXPECT_EQ(half->code(), errc::lost) << half->what();
    EXPECT_NE(half->what().find("OOM"), std::string::npos) << half->what();
    const auto one = loop.get(redis->execute({"SET", key_of(1), "y"}));
    EXPECT_EQ(one.error_code(), "OOM") << "all of it was refused";
}

TEST_F(RedisCluster, SaysThatAPartWasExecutedToWhoIsCancelledBeforeTheRest) {
    begin();
    for (std::size_t i = 0; i < 3; ++i) {
        all->ask(i, {"CONFIG", "SET", "cluster-require-full-coverage", "no"});
        all->ask(i, {"CLUSTER", "DELSLOTS", slot_of(key_of(1))});
    }
    asio::cancellation_signal stop;
    const auto half =
        loop.spawn(redis->execute({"MSET", key_of(0), "x", key_of(1), "x"}, deadline::never()), stop.slot());
    loop.until([&] { return all->ask(0, {"EXISTS", key_of(0)}).as_integer() == 1; });
    loop.cancel(stop);
    loop.until([&] { return half->done(); });
    EXPECT_EQ(half->code(), asio::error::operation_aborted) << half->what();
    EXPECT_NE(half->what().find("may have been"), std::string::npos) << half->what();

    const auto late = loop.run(redis->execute({"MSET", key_of(0), "y", key_of(1), "y"}, deadline::after(300ms)));
    EXPECT_EQ(late->code(), errc::lost) << late->what();
}

TEST_F(RedisCluster, LeasesSessionsAtTheNodeOfAKey) {
    begin();
    for (std::size_t i = 0; i < 3; ++i) {
        const auto key = key_of(i);
        const auto own = loop.get(redis->lease_for(key));
        loop.wait(own.execute<void>({"WATCH", key}));
        EXPECT_TRUE(loop.get(own.transaction({{"SET", key, 1}})));
        loop.wait(own.execute<void>({"WATCH", key}));
        tell({"SET", key, 2});
        EXPECT_FALSE(loop.get(own.transaction({{"SET", key, 3}})));
    }
    EXPECT_EQ(redis->status().sessions, 3u) << "kept, one a node";
    EXPECT_EQ(ask<int>({"RPUSH", key_of(1, "list"), "a"}), 1);
    EXPECT_EQ(ask<std::vector<std::string>>({"BLPOP", key_of(1, "list"), 1}).back(), "a");
    EXPECT_EQ(redis->status().sessions, 3u);
}

TEST_F(RedisCluster, IsThereForCallersOnOtherThreadsWhileASlotMoves) {
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
TEST_F(RedisCluster, IsThereForCallersOnEachOfItsLoopsWhileASlotMoves) {
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

TEST_F(RedisCluster, CarriesMessagesWhoeverPublishesThem) {
    begin();
    auto news = loop.get(redis->subscribe({.channels = {"news"}, .patterns = {"user.*"}}));
    for (std::size_t i = 0; i < 3; ++i)
        all->ask(i, {"PUBLISH", "news", std::to_string(i)});
    std::vector<std::string> heard;
    while (heard.size() < 3)
        for (const auto& each : loop.get(news.receive()))
            heard.push_back(each.payload);
    std::ranges::sort(heard);
    EXPECT_EQ(heard, (std::vector<std::string>{"0", "1", "2"}));
    tell({"PUBLISH", "user.1", "x"});
    EXPECT_EQ(loop.get(news.receive()).front().pattern, "user.*");
}

TEST_F(RedisCluster, IsWalkedThroughMasterByMaster) {
    begin();
    for (int i = 0; i < 30; ++i)
        tell({"SET", "k" + std::to_string(i), i});
    std::size_t found = 0;
    const auto masters = loop.get(redis->masters());
    EXPECT_EQ(masters.size(), 3u);
    for (const auto& master : masters)
        found += loop.get(redis->execute_at(master, {"SCAN", 0, "COUNT", 1000})).items()[1].items().size();
    EXPECT_EQ(found, 30u);
    EXPECT_EQ(loop.run(redis->execute_at("10.0.0.1:1", {"SCAN", 0}))->code(), errc::not_connected);

    const client alone({loop.get_executor()}, all->node(0).over_socket());
    const auto one = loop.get(alone.masters());
    ASSERT_EQ(one.size(), 1u);
    EXPECT_FALSE(loop.get(alone.execute_at(one.front(), {"SCAN", 0})).is_error());
    EXPECT_EQ(loop.run(alone.execute_at("other", {"SCAN", 0}))->code(), errc::not_connected);
}

TEST_F(RedisCluster, HearsShardChannelsAtTheNodesOfTheirSlots) {
    begin();
    subscribe_request request{.channels = {"news"}};
    for (std::size_t i = 0; i < 3; ++i)
        request.shard_channels.push_back(key_of(i, "channel"));
    auto news = loop.get(redis->subscribe(request));
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(ask<int>({"SPUBLISH", key_of(i, "channel"), std::to_string(i)}), 1);
        EXPECT_EQ(loop.get(news.receive()).front().payload, std::to_string(i));
    }
    tell({"PUBLISH", "news", "x"});
    EXPECT_EQ(loop.get(news.receive()).front().channel, "news");
    {
        const auto second = loop.get(redis->subscribe({.shard_channels = {key_of(0, "channel"), key_of(1, "other")}}));
        EXPECT_EQ(ask<int>({"SPUBLISH", key_of(1, "other"), "x"}), 1);
    }
    loop.until([&] { return ask<int>({"SPUBLISH", key_of(1, "other"), "x"}) == 0; });
    EXPECT_EQ(ask<int>({"SPUBLISH", key_of(0, "channel"), "still"}), 1);
    EXPECT_EQ(loop.get(news.receive()).front().payload, "still");
}

// --- Slots that move -------------------------------------------------------------------------------------------------

TEST_F(RedisCluster, FollowsASlotThatHasMoved) {
    begin();
    const auto key = key_of(0);
    tell({"SET", key, "v"});
    all->move(slot_of(key), 0, 1);
    EXPECT_EQ(ask<maybe>({"GET", key}), "v");
    EXPECT_EQ(ask<int>({"INCR", key_of(0, "other")}), 1);
    EXPECT_EQ(loop.get(redis->transaction({{"GET", key}}))[0].as_text(), "v");
    EXPECT_EQ(all->owner(slot_of(key), 1), 1u);
}

TEST_F(RedisCluster, AsksTheOtherNodeWhileASlotMoves) {
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

TEST_F(RedisCluster, CountsOnceAndAllWhileASlotMovesToAndFro) {
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

TEST_F(RedisCluster, WaitsOnAtTheNewPlaceWhenABlockedCommandsSlotMoves) {
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

TEST_F(RedisCluster, FollowsAShardChannelWhoseSlotMoves) {
    begin();
    const auto channel = key_of(0, "channel"), other = key_of(2, "channel");
    auto news = loop.get(redis->subscribe({.shard_channels = {channel, other}}));
    for (std::size_t round = 0; round < 3; ++round) {
        all->move(slot_of(channel), round % 3, (round + 1) % 3);
        const auto first = loop.get(news.receive());
        EXPECT_EQ(first.front().type, message::kind::resumed);
        EXPECT_EQ(ask<int>({"SPUBLISH", channel, "here"}), 1);
        EXPECT_EQ(loop.get(news.receive()).front().payload, "here");
    }
    EXPECT_EQ(ask<int>({"SPUBLISH", other, "there"}), 1);
    EXPECT_EQ(loop.get(news.receive()).front().payload, "there");
}

// --- Shard channels that cannot be heard -----------------------------------------------------------------------------

TEST_F(RedisCluster, ConfirmsAShardChannelOnlyOnceSomebodyHasItsSlot) {
    begin();
    const auto channel = key_of(0, "channel"), other = key_of(1, "channel");
    const auto slot = slot_of(channel);
    for (std::size_t i = 0; i < 3; ++i) {
        all->ask(i, {"CONFIG", "SET", "cluster-require-full-coverage", "no"});
        all->ask(i, {"CLUSTER", "DELSLOTS", slot});
    }
    const subscribe_request both{.shard_channels = {channel, other}};
    const auto hasty = loop.run(redis->subscribe(both, deadline::after(300ms)));
    EXPECT_EQ(hasty->code(), errc::not_connected) << hasty->what();
    const auto patient = loop.spawn(redis->subscribe(both, deadline::after(20s)));
    all->ask(2, {"CLUSTER", "ADDSLOTS", slot});
    loop.until([&] { return patient->done(); });
    ASSERT_TRUE(patient->value) << patient->what();
    EXPECT_EQ(ask<int>({"SPUBLISH", channel, "x"}), 1);
    EXPECT_EQ(loop.get(patient->value->receive()).front().payload, "x");
}

TEST_F(RedisCluster, EndsASubscriptionThatWaitsForASlotWithTheClient) {
    begin();
    for (std::size_t i = 0; i < 3; ++i)
        all->ask(i, {"CLUSTER", "DELSLOTS", slot_of(key_of(0))});
    const auto waits = loop.spawn(redis->subscribe({.shard_channels = {key_of(0)}}, deadline::never()));
    loop.settle();
    EXPECT_FALSE(waits->done());
    loop.wait(redis->stop(deadline::after(5s)));
    loop.until([&] { return waits->done(); });
    EXPECT_EQ(waits->code(), infra::errc::closed) << waits->what();
}

TEST_F(RedisCluster, HearsAgainWhatItMayBesideAShardChannelThatIsForbiddenNow) {
    begin();
    const auto forbidden = key_of(0, "a"), allowed = key_of(0, "b");
    auto news = loop.get(redis->subscribe({.shard_channels = {forbidden, allowed}}));
    all->ask(0, {"ACL", "SETUSER", "default", "resetchannels", "&*b"}); // cuts off who listens to others
    loop.until([&] { return ask<int>({"SPUBLISH", allowed, "x"}) == 1; });
    bool resumed = false, heard = false;
    while (!resumed || !heard)
        for (const auto& each : loop.get(news.receive())) {
            resumed |= each.type == message::kind::resumed;
            heard |= each.payload == "x";
        }
}

// --- Nodes that die --------------------------------------------------------------------------------------------------

TEST_F(RedisCluster, GoesOnWithTheReplicaOfAMasterThatIsKilledUnderLoad) {
    begin(true);
    bool stop = false;
    std::map<std::string, int> answered, unknown;
    int refused = 0;
    const auto count = [&](std::string key) -> awaitable<void> {
        while (!stop) {
            try {
                co_await redis->execute<int>({"INCR", key}, deadline::after(300ms));
                ++answered[key];
            } catch (const error& e) {
                ++(may_have_been_executed(e.code()) ? unknown[key] : refused);
            }
        }
    };
    std::vector<std::shared_ptr<outcome<bool>>> callers;
    for (int i = 0; i < 5; ++i)
        for (std::size_t n = 0; n < 3; ++n)
            callers.push_back(loop.spawn(count(key_of(n, std::to_string(i)))));
    const auto victims = key_of(1, "0");
    auto news = loop.get(redis->subscribe({.shard_channels = {key_of(1, "channel")}}));
    const auto patient = [&]() -> awaitable<bool> {
        co_await redis->execute<void>({"SET", key_of(1, "patient"), "v"}, deadline::after(25s));
        co_return true;
    };
    loop.until([&] { return answered[victims] > 50; });
    all->node(1).kill();
    const auto waits = loop.spawn(patient());
    loop.until([&] { return all->owner(slot_of(victims), 4) == 4; }); // its replica has been elected
    const auto elected = std::chrono::steady_clock::now();
    const auto before = answered[victims];
    loop.until([&] { return answered[victims] > before; });
    EXPECT_LT(std::chrono::steady_clock::now() - elected, 2s);
    loop.until([&] { return waits->done(); });
    EXPECT_TRUE(waits->value) << waits->what() << ": what waited for the old node is sent to the new one";
    stop = true;
    loop.until([&] { return std::ranges::all_of(callers, [](const auto& each) { return each->done(); }); });
    EXPECT_GT(refused + static_cast<int>(unknown.size()), 0) << "nothing was cut";
    for (const auto& [key, times] : answered)
        EXPECT_LE(ask<int>({"GET", key}), times + unknown[key]) << key << " was counted twice";
    EXPECT_EQ(loop.get(news.receive()).front().type, message::kind::resumed);
    EXPECT_EQ(ask<int>({"SPUBLISH", key_of(1, "channel"), "x"}), 1);
    EXPECT_EQ(loop.get(news.receive()).front().payload, "x");
    EXPECT_EQ(redis->status().expected, 3u) << "the dead node is left alone";
}

TEST_F(RedisCluster, DoesNotCallUndoneWhatWasSentToANodeThatComesBackWithoutItsSlots) {
    begin();
    const auto key = key_of(0);
    tell({"SET", key, "x"});
    auto& node = all->node(0);
    node.pause();
    const auto sent = loop.spawn(redis->execute({"SET", key, "y"}, deadline::after(3s)));
    loop.settle();
    node.kill();
    ASSERT_TRUE(std::filesystem::remove(node.folder() + "/nodes.conf"));
    node.start();
    loop.until([&] { return sent->done(); });
    EXPECT_EQ(sent->code(), errc::lost) << sent->what();
    EXPECT_NE(sent->what().find("a node that is gone"), std::string::npos) << sent->what();
}

// --- What is no cluster ----------------------------------------------------------------------------------------------

class RedisClusterTrouble : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
    }
    static options seed(std::uint16_t port) {
        return {.cluster = cluster_options{.seeds = {{.host = "127.0.0.1", .port = port}}}};
    }
    test_loop loop;
};

TEST_F(RedisClusterTrouble, IsToldApart) {
    const server alone;
    const client standalone({loop.get_executor()}, seed(alone.port()));
    const auto none = loop.run(standalone.execute({"GET", "k"}));
    EXPECT_EQ(none->code(), errc::refused) << none->what();
    EXPECT_NE(none->what().find("cluster support disabled"), std::string::npos) << none->what();

    const client nobody({loop.get_executor()}, seed(free_port()));
    const auto silence = loop.run(nobody.execute({"GET", "k"}, deadline::after(100ms)));
    EXPECT_EQ(silence->code(), errc::not_connected) << silence->what();
    EXPECT_NE(silence->what().find("nobody has told who has which slot"), std::string::npos) << silence->what();
    EXPECT_NE(silence->what().find("Connection refused"), std::string::npos) << silence->what();

    const server slotless({"--cluster-enabled", "yes", "--cluster-port", std::to_string(free_port())});
    const client early({loop.get_executor()}, seed(slotless.port()));
    const auto soon = loop.spawn(early.execute<int>({"INCR", "k"}, deadline::after(20s)));
    loop.settle();
    EXPECT_FALSE(soon->done());
    const client direct({loop.get_executor()}, slotless.over_socket());
    loop.wait(direct.execute<void>({"CLUSTER", "ADDSLOTSRANGE", 0, 16383}));
    loop.until([&] { return soon->done(); });
    EXPECT_EQ(soon->value, 1) << soon->what();
}

TEST_F(RedisClusterTrouble, IsWaitedForWhileItRunsAScript) {
    const server alone(
        {"--cluster-enabled", "yes", "--cluster-port", std::to_string(free_port()), "--lua-time-limit", "1"});
    const client direct({loop.get_executor()}, alone.over_socket()), other({loop.get_executor()}, alone.over_socket());
    loop.wait(direct.execute<void>({"CLUSTER", "ADDSLOTSRANGE", 0, 16383}));
    loop.until([&] {
        return loop.get(direct.execute<std::string>({"CLUSTER", "INFO"})).find("state:ok") != std::string::npos;
    });
    const auto endless = loop.spawn(direct.execute({"EVAL", "while true do end", 0}, deadline::after(30s)));
    loop.until([&] { return loop.get(other.execute({"GET", "k"}, deadline::after(20s))).error_code() == "BUSY"; });

    const client redis({loop.get_executor()}, seed(alone.port()));
    const auto hasty = loop.run(redis.execute({"INCR", "k"}, deadline::after(200ms)));
    EXPECT_EQ(hasty->code(), errc::not_connected) << hasty->what();
    EXPECT_NE(hasty->what().find("BUSY"), std::string::npos) << hasty->what();
    const auto patient = loop.spawn(redis.execute<int>({"INCR", "k"}, deadline::after(20s)));
    loop.wait(other.execute<void>({"SCRIPT", "KILL"}));
    loop.until([&] { return patient->done() && endless->done(); });
    EXPECT_EQ(patient->value, 1) << patient->what();
}

TEST_F(RedisClusterTrouble, IsNotWaitedForWhereOneOfManyAnswers) {
    const server alone({"--cluster-enabled", "yes", "--cluster-port", std::to_string(free_port())});
    const client direct({loop.get_executor()}, alone.over_socket());
    loop.wait(direct.execute<void>({"CLUSTER", "ADDSLOTSRANGE", 0, 16383}));
    auto to = seed(alone.port());
    std::vector<asio::ip::tcp::acceptor> silent; // they take connections and say nothing
    for (int i = 0; i < 30; ++i) {
        silent.emplace_back(loop.get_executor(), asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        to.cluster->seeds.push_back({.host = "127.0.0.1", .port = silent.back().local_endpoint().port()});
    }
    const client redis({loop.get_executor()}, to);
    const auto soon = loop.run(redis.execute<int>({"INCR", "k"}, deadline::after(5s)));
    EXPECT_EQ(soon->value, 1) << soon->what();
}

TEST_F(RedisClusterTrouble, EndsWithTheClient) {
    std::optional<client> nobody(std::in_place, std::vector{loop.get_executor()}, seed(free_port()));
    const auto waits = loop.spawn(nobody->execute({"GET", "k"}, deadline::never()));
    const auto subscribes = loop.spawn(nobody->subscribe({.channels = {"c"}}, deadline::never()));
    loop.settle();
    const auto stopped = loop.spawn(nobody->stop(deadline::after(50ms)));
    loop.until([&] { return stopped->done() && waits->done() && subscribes->done(); });
    EXPECT_EQ(waits->code(), infra::errc::closed) << waits->what();
    EXPECT_EQ(loop.run(nobody->execute({"GET", "k"}))->code(), infra::errc::closed);

    nobody.emplace(std::vector{loop.get_executor()}, seed(free_port()));
    const auto left = loop.spawn(nobody->execute({"GET", "k"}, deadline::never()));
    loop.settle();
    nobody.reset();
    loop.until([&] { return left->done(); });
    EXPECT_EQ(left->code(), infra::errc::closed) << left->what();
}

TEST_F(RedisClusterTrouble, IsWaitedOutWithinBounds) {
    auto to = seed(free_port());
    to.max_queued_commands = 10;
    const client nobody({loop.get_executor()}, to);
    std::vector<std::shared_ptr<outcome<reply>>> all;
    for (int i = 0; i < 30; ++i)
        all.push_back(loop.spawn(nobody.execute({"GET", "k"}, deadline::after(200ms))));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    const auto with = [&](boost::system::error_code code) {
        return std::ranges::count_if(all, [&](const auto& each) { return each->code() == code; });
    };
    EXPECT_EQ(with(infra::errc::overloaded), 20);
    EXPECT_EQ(with(errc::not_connected), 10);
}

TEST_F(RedisClusterTrouble, LeavesNothingBehindWhenItsCallerIsCancelled) {
    const client nobody({loop.get_executor()}, seed(free_port()));
    asio::cancellation_signal stop;
    const auto waits = loop.spawn(nobody.execute({"MGET", "a", "b"}, deadline::never()), stop.slot());
    loop.settle();
    loop.cancel(stop);
    loop.until([&] { return waits->done(); });
    EXPECT_EQ(waits->code(), asio::error::operation_aborted);
    EXPECT_EQ(nobody.status().commands, 0u);
    loop.wait(nobody.stop(deadline::after(5s)));
}

} // namespace
} // namespace infra::redis
