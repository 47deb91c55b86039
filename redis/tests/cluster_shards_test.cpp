// Shard channels of a cluster.

#include "tests/on_a_cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

using detail::slot_of;
using maybe = std::optional<std::string>;

struct nobody final : change_listener {
    void listening() override {}
    void deaf() override {}
    void changed(const std::vector<std::string>&) override {}
    void all_changed() override {}
};

class RedisClusterShards : public on_a_cluster {
protected:
    static std::string key_in_another_slot(std::size_t node, const std::string& than) {
        for (int n = 0;; ++n) {
            auto key = "channel" + std::to_string(n);
            if (slot_of(key) / 5461 == node && slot_of(key) != slot_of(than))
                return key;
        }
    }
};

TEST_F(RedisClusterShards, HearsShardChannelsAtTheNodesOfTheirSlots) {
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

TEST_F(RedisClusterShards, TakesMoreAndLetsGoOfSome) {
    begin();
    const auto news = loop.get(redis->subscribe({.channels = {"news"}, .shard_channels = {key_of(0, "channel")}}));
    loop.wait(news.add({.shard_channels = {key_of(1, "channel"), key_of(2, "channel")}}));
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(ask<int>({"SPUBLISH", key_of(i, "channel"), "x"}), 1) << i;
    news.remove({.shard_channels = {key_of(0, "channel"), key_of(1, "channel")}});
    loop.until([&] {
        return ask<int>({"SPUBLISH", key_of(0, "channel"), "x"}) + ask<int>({"SPUBLISH", key_of(1, "channel"), "x"}) ==
               0;
    });
    EXPECT_EQ(ask<int>({"SPUBLISH", key_of(2, "channel"), "x"}), 1);
}

TEST_F(RedisClusterShards, FollowsAShardChannelWhoseSlotMoves) {
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

// The new owner is known before the old one has taken the channel off, which it has not been asked for.
TEST_F(RedisClusterShards, KeepsTheConnectionOnWhichANodeTakesOffWhatHasLeftIt) {
    begin();
    auto often = all->to();
    often.ping_every = 100ms; // and the map is asked for as often
    redis.emplace(std::vector{loop.get_executor()}, often);
    const auto told = redis->track({}, std::make_shared<nobody>());
    const auto channel = key_of(0, "channel"), stays = key_in_another_slot(0, channel);
    auto news = loop.get(redis->subscribe({.shard_channels = {channel, stays}}));
    const auto slot = slot_of(channel);
    const auto second = all->ask(1, {"CLUSTER", "MYID"}).as_text();
    const client direct({loop.get_executor()}, all->node(0).over_socket());
    loop.wait(direct.execute<void>({"PING"}));
    all->begin_to_move(slot, 0, 1);
    all->node(0).pause();
    const auto moved = loop.spawn(direct.execute<void>({"CLUSTER", "SETSLOT", slot, "NODE", second}));
    all->ask(1, {"CLUSTER", "SETSLOT", slot, "NODE", second});
    EXPECT_EQ(loop.get(news.receive()).front().type, message::kind::resumed);
    all->node(0).proceed();
    loop.until([&] { return moved->done(); });
    EXPECT_EQ(ask<int>({"SPUBLISH", channel, "moved"}), 1);
    EXPECT_EQ(loop.get(news.receive()).front().payload, "moved");
    EXPECT_EQ(ask<int>({"SPUBLISH", stays, "there"}), 1);
    EXPECT_EQ(loop.get(news.receive()).front().payload, "there");
    EXPECT_EQ(redis->status().reconnects, 0u);
}

TEST_F(RedisClusterShards, ConfirmsAShardChannelOnlyOnceSomebodyHasItsSlot) {
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

TEST_F(RedisClusterShards, EndsASubscriptionThatWaitsForASlotWithTheClient) {
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

TEST_F(RedisClusterShards, HearsAgainWhatItMayBesideAShardChannelThatIsForbiddenNow) {
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

} // namespace
} // namespace infra::redis
