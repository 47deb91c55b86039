// Nodes of a cluster that die or say nothing, and what is no cluster.

#include "tests/on_a_cluster.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace infra::redis {
namespace {

using detail::slot_of;
using maybe = std::optional<std::string>;

class RedisClusterFailover : public on_a_cluster {};

TEST_F(RedisClusterFailover, GoesOnWithTheReplicaOfAMasterThatIsKilledUnderLoad) {
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
    const stopwatch since(loop.get_executor());
    const auto before = answered[victims];
    loop.until([&] { return answered[victims] > before; });
    EXPECT_LT(since.elapsed(), 2s);
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

TEST_F(RedisClusterFailover, DoesNotCallUndoneWhatWasSentToANodeThatComesBackWithoutItsSlots) {
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
    loop.until([&] { // on a machine with much to do nobody may have answered by then
        const auto hasty = loop.run(redis.execute({"INCR", "k"}, deadline::after(200ms)));
        EXPECT_EQ(hasty->code(), errc::not_connected) << hasty->what();
        return hasty->what().find("BUSY") != std::string::npos;
    });
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
