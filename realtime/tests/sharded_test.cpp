#include "sharded_medium.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace infra::realtime {
namespace {

using lines = std::vector<std::string>;

class ShardedBroker : public ::testing::Test {
protected:
    ~ShardedBroker() override {
        for (const auto& each : nodes)
            loop.wait(each->at->stop(deadline::after(std::chrono::seconds(1))));
        for (const auto& each : nodes)
            loop.until([&] { return each->running->done(); });
    }
    void start() {
        for (std::size_t n = 0; n < 2; ++n) {
            nodes.push_back(std::make_unique<test_node>(loop, medium.node(n)));
            nodes[n]->running = loop.spawn(nodes[n]->at->run(*nodes[n], rules));
        }
        for (const auto& each : nodes)
            loop.until([&] { return each->at->is_up(); });
    }
    /// One on this shard.
    static std::string channel_on(std::size_t shard) {
        for (int i = 0;; ++i)
            if (auto name = "c" + std::to_string(i); shard_of(name, 3) == shard)
                return name;
    }

    infra::testing::test_loop loop;
    sharded_medium medium;
    const std::vector<channel_rule> rules{};
    std::vector<std::unique_ptr<test_node>> nodes;
};

TEST(ShardOf, IsWhatAnybodyCanReckon) {
    EXPECT_EQ(shard_of("123456789", 0x10000), 0x31C3u) << "the sum's published check value";
    EXPECT_EQ(shard_of("foo", 16'384), 12'182u) << "CLUSTER KEYSLOT foo";
    EXPECT_EQ(shard_of("anything", 1), 0u);
    std::array<int, 4> on{};
    for (int i = 0; i < 4'000; ++i)
        ++on[shard_of("room:" + std::to_string(i), 4)];
    for (const auto each : on)
        EXPECT_NEAR(each, 1'000, 150);
}

TEST_F(ShardedBroker, KeepsTheChannelsOfOtherServersWhenOneIsOutOfReach) {
    start();
    const auto lost = channel_on(1), kept = channel_on(2);
    for (const auto& each : {lost, kept})
        nodes[1]->at->want(each);
    loop.settle();
    medium.cut(0, 1);
    loop.until([&] { return !nodes[0]->at->is_up(); });
    loop.until([&] { return nodes[0]->links == std::vector{true, false}; });
    EXPECT_FALSE(nodes[0]->at->publish(lost, {.what = {.type = "said"}}));
    EXPECT_TRUE(nodes[0]->at->publish(kept, {.what = {.type = "said"}}));
    EXPECT_EQ(nodes[1]->heard(1), lines{kept + ": said"});
    medium.cut(0, 2);
    medium.mend(0, 2);
    loop.settle();
    EXPECT_EQ(nodes[0]->links, (std::vector{true, false})) << "one is still away";
    medium.mend(0, 1);
    loop.until([&] { return nodes[0]->links == std::vector{true, false, true}; });
}

TEST_F(ShardedBroker, DisconnectsAUserOverWhicheverServerIsThere) {
    start();
    medium.cut(0, shard_of("anna", 3));
    loop.until([&] { return !nodes[0]->at->is_up(); });
    loop.wait(nodes[0]->at->disconnect_everywhere("anna", close_code::disconnected));
    loop.settle();
    EXPECT_EQ(nodes[1]->lines, lines{"disconnect anna disconnected"});
    medium.cut(0);
    loop.settle();
    EXPECT_EQ(loop.run(nodes[0]->at->disconnect_everywhere("anna", close_code::disconnected))->code(),
              infra::errc::unavailable);
}

TEST(ShardedBrokers, AreMadeOfBrokers) {
    EXPECT_THROW(make_sharded_broker({}), std::invalid_argument);
    EXPECT_THROW(make_sharded_broker({nullptr}), std::invalid_argument);
    joined_brokers between;
    const auto one = between.node();
    EXPECT_THROW(make_sharded_broker({one, one}), std::invalid_argument) << "it would run twice";
}

} // namespace
} // namespace infra::realtime
