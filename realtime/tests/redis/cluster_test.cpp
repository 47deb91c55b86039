// Where Redis is a cluster: channels are in shards, and move.

#include "realtime/tests/broker_stage.hpp"
#include "src/slot.hpp"
#include "tests/nodes.hpp"

#include <infra/realtime/redis.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;

TEST(RedisBrokerInACluster, FollowsChannelsThroughTheirShards) {
    if (!infra::testing::redis_server::installed())
        GTEST_SKIP() << infra::testing::redis_server::how_to_install;
    infra::testing::test_loop loop;
    redis::nodes all(loop);
    const std::vector<channel_rule> rules{{"*", {.history = {.size = 1'000}}}};
    std::vector<std::unique_ptr<test_node>> nodes;
    for (int n = 0; n < 2; ++n) {
        nodes.push_back(std::make_unique<test_node>(loop, make_redis_broker({.url = all.url(), .check_every = 300ms})));
        nodes.back()->running = loop.spawn(nodes.back()->at->run(*nodes.back(), rules));
        loop.until([&] { return nodes.back()->at->is_up(); });
    }
    auto& ears = *nodes[0]->at;
    std::vector<std::string> channels;
    for (int i = 0; i < 20; ++i)
        channels.push_back("room:" + std::to_string(i));
    for (const auto& each : channels)
        ears.want(each);
    for (const auto& each : channels)
        loop.get(ears.history(each, {}, 1));
    for (const auto& each : channels)
        ASSERT_TRUE(nodes[1]->at->publish(each, {.what = {.type = "said", .data = 1}}));
    EXPECT_EQ(nodes[0]->heard(20).size(), 20u);

    // By hand, with the word that a cluster needs.
    redis::client by_hand(std::vector{loop.get_executor()}, all.to());
    EXPECT_EQ(loop.get(by_hand.execute<int>({"SPUBLISH", "rt:{room:7}", R"({"type":"shouted"})"})), 1);
    EXPECT_EQ(nodes[0]->heard(1).front(), "room:7: shouted");

    nodes[0]->positions.clear();
    const auto slot = redis::detail::slot_of("{room:3}");
    const auto from = all.owner(slot);
    all.begin_to_move(slot, from, (from + 1) % 3);
    for (int i = 2; i <= 20; ++i)
        ASSERT_TRUE(nodes[1]->at->publish("room:3", {.what = {.type = "said", .data = i}}));
    loop.settle();
    all.move_keys(slot, from, (from + 1) % 3);
    all.end_moving(slot, from, (from + 1) % 3);
    for (int i = 21; i <= 40; ++i)
        ASSERT_TRUE(nodes[1]->at->publish("room:3", {.what = {.type = "said", .data = i}}));
    loop.until([&] { return nodes[0]->positions.size() >= 39; });
    for (std::size_t i = 0; i < 39; ++i)
        EXPECT_EQ(nodes[0]->positions[i].offset, i + 2);
    EXPECT_TRUE(nodes[0]->gaps.empty());

    nodes[1]->at->join("room:3", {.user = "anna", .connections = 1});
    loop.until([&] { return loop.get(ears.count("room:3")).users == 1; });
    loop.wait(ears.disconnect_everywhere({"anna", close_code::forbidden, "1"}));
    nodes[1]->heard(1);
    for (const auto& each : nodes)
        loop.wait(each->at->stop(deadline::after(2s)));
    for (const auto& each : nodes)
        loop.until([&] { return each->running->done(); });
}

} // namespace
} // namespace infra::realtime
