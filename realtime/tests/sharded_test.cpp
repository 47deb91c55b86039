#include "joined_medium.hpp"
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
            loop.run(each->at->stop(deadline::after(std::chrono::seconds(1))));
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
    infra::testing::test_loop loop;
    sharded_medium medium{std::make_unique<joined_medium>};
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
    const auto lost = sharded_medium::channel_on(1), kept = sharded_medium::channel_on(2);
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

// Node 0 has no link to one of the servers, node 1 to none but one of the others.
TEST_F(ShardedBroker, DisconnectsAUserOnNodesThatHearOneServerAlone) {
    start();
    for (std::size_t shared = 0; shared < sharded_medium::shards; ++shared) {
        SCOPED_TRACE(shared);
        medium.cut(0, (shared + 1) % sharded_medium::shards);
        medium.cut(1, (shared + 1) % sharded_medium::shards);
        medium.cut(1, (shared + 2) % sharded_medium::shards);
        loop.until([&] { return !nodes[0]->at->is_up() && !nodes[1]->at->is_up(); });
        loop.wait(nodes[0]->at->disconnect_everywhere({"anna", close_code::disconnected}));
        loop.settle();
        for (const auto& each : nodes)
            EXPECT_EQ(std::exchange(each->lines, {}), lines{"disconnect anna disconnected"});
        medium.mend(0);
        medium.mend(1);
        for (const auto& each : nodes)
            loop.until([&] { return each->at->is_up(); });
    }
    medium.cut(0);
    loop.settle();
    EXPECT_EQ(loop.run(nodes[0]->at->disconnect_everywhere({"anna", close_code::disconnected}))->code(),
              infra::errc::unavailable);
}

/// One that cannot be stopped in order, and does nothing else.
class unstoppable final : public broker {
public:
    awaitable<void> run(broker_listener&, const std::vector<channel_rule>&) override { co_return; }
    awaitable<void> stop(deadline) override {
        throw error(infra::errc::timed_out, "its server does not answer");
        co_return;
    }
    bool is_up() const noexcept override { return false; }
    bool publish(std::string, envelope) override { return false; }
    awaitable<placed> publish_confirmed(std::string, envelope) override { co_return placed(); }
    void want(const std::string&) override {}
    void unwant(const std::string&) override {}
    awaitable<missed> history(std::string, std::optional<position>, std::size_t) override { co_return missed(); }
    void join(const std::string&, member) override {}
    void leave(const std::string&, const std::string&) override {}
    awaitable<std::vector<member>> presence(std::string, std::size_t) override { co_return std::vector<member>(); }
    awaitable<presence_stats> count(std::string) override { co_return presence_stats(); }
    awaitable<void> disconnect_everywhere(disconnection) override { co_return; }
    std::string description() const override { return "unstoppable"; }
};

TEST_F(ShardedBroker, StopsTheOthersThoughOneCannotBeStopped) {
    joined_brokers between;
    nodes.push_back(std::make_unique<test_node>(
        loop, make_sharded_broker({between.node(), std::make_shared<unstoppable>(), between.node()})));
    nodes[0]->running = loop.spawn(nodes[0]->at->run(*nodes[0], rules));
    loop.settle();
    EXPECT_EQ(loop.run(nodes[0]->at->stop(deadline::after(std::chrono::seconds(1))))->code(), infra::errc::timed_out);
    loop.until([&] { return nodes[0]->running->done(); });
    EXPECT_EQ(nodes[0]->running->what(), "");
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
