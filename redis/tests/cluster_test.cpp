// Commands to a real cluster: three masters.

#include "tests/diary.hpp"
#include "tests/on_a_cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

using detail::slot_of;
using maybe = std::optional<std::string>;

class RedisCluster : public on_a_cluster {};

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

TEST_F(RedisCluster, NeedsNoOtherRightsThanTheReadmeNames) {
    begin();
    for (std::size_t i = 0; i < 3; ++i)
        all->ask(i, {"ACL", "SETUSER", "shop", "on", ">pw", "~*", "&*", "-@all", "+get", "+mget", "+ssubscribe",
                     "+@connection", "+cluster|slots", "+cluster|info"});
    tell({"SET", key_of(1), "v"});
    auto as_shop = all->to();
    as_shop.username = "shop";
    as_shop.password = "pw";
    const client subject({loop.get_executor()}, as_shop);
    EXPECT_EQ(loop.get(subject.execute<std::string>({"GET", key_of(1)})), "v");
    EXPECT_EQ(loop.get(subject.execute<std::vector<maybe>>({"MGET", key_of(0), key_of(1), key_of(2)})),
              (std::vector<maybe>{std::nullopt, "v", std::nullopt}));
    const auto news = loop.get(subject.subscribe({.shard_channels = {key_of(2, "channel")}}));
    const auto heard = std::make_shared<diary>();
    const auto tracked = subject.track({}, heard);
    loop.until([&] { return heard->listens(); });
    EXPECT_EQ(loop.get(subject.execute({"SET", key_of(1), "w"})).error_code(), "NOPERM");
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

// Nobody is connected yet, so that the first to be asked may be any.
TEST_F(RedisCluster, AsksAnotherWhatAnybodyCanAnswerWhereOneIsGone) {
    begin();
    auto to = all->to();
    to.cluster->seeds = {{.host = "127.0.0.1", .port = all->node(1).port()}};
    all->node(0).kill();
    const client late({loop.get_executor()}, to);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(loop.run(late.execute<std::string>({"PING"}))->value, "PONG");
}

} // namespace
} // namespace infra::redis
