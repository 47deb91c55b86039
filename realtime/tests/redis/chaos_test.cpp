// Three nodes, one server, and links that break at random: what each node hears of each other is counted.

#include "realtime/tests/redis/stage.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t node_count = 3;

// `data` is [publisher, number].
class tally final : public broker_listener {
public:
    void published(const std::string&, envelope e) override {
        const auto& data = e.what.data.as_array();
        const auto from = static_cast<std::size_t>(data[0].as_int64());
        const auto number = data[1].as_int64();
        if (number <= last[from])
            ++disorder;
        last[from] = number;
        ++heard[from];
        if (e.at.offset <= reached) // own gaps are places, too, of which one is not told
            ++disorder;
        reached = e.at.offset;
    }
    void gap(const std::string&, std::uint64_t dropped, position now) override {
        told_dropped += dropped;
        reached = now.offset;
    }
    void joined(const std::string&, member) override {}
    void left(const std::string&, member) override {}
    void disconnect(disconnection) override {}
    void link(bool) override {}

    std::map<std::size_t, std::int64_t> last;
    std::map<std::size_t, int> heard;
    std::uint64_t told_dropped = 0;
    std::uint64_t reached = 0;
    int disorder = 0;
};

class RedisBrokerInChaos : public ::testing::TestWithParam<unsigned> {};

TEST_P(RedisBrokerInChaos, LosesNothingWithoutAWordAndSaysNothingTwice) {
    if (!infra::testing::redis_server::installed())
        GTEST_SKIP() << infra::testing::redis_server::how_to_install;
    std::mt19937 random(GetParam());
    infra::testing::test_loop loop;
    redis_stage stage(loop);
    const std::vector<channel_rule> rules{{"*", {.history = {.size = 5'000, .max_bytes = 16 << 20}}}};
    std::vector<tally> told(node_count);
    std::vector<std::shared_ptr<broker>> nodes;
    std::vector<std::shared_ptr<infra::testing::outcome<bool>>> runs;
    for (std::size_t n = 0; n < node_count; ++n) {
        nodes.push_back(stage.node(n));
        nodes[n]->want("room");
        runs.push_back(loop.spawn(nodes[n]->run(told[n], rules)));
    }
    for (std::size_t n = 0; n < node_count; ++n) {
        loop.until([&] { return nodes[n]->is_up(); });
        loop.get(nodes[n]->history("room", {}, 1));
    }
    std::vector<std::int64_t> numbers(node_count);
    std::vector<int> sent(node_count), unsent(node_count);
    for (int step = 0; step < 1'500; ++step) {
        const auto n = random() % node_count;
        const auto lot = random() % 100;
        if (lot < 90) {
            envelope e{.what = {.type = "said", .data = json::array{std::int64_t(n), ++numbers[n]}}};
            ++(nodes[n]->publish("room", std::move(e)) ? sent : unsent)[n];
        } else if (lot < 92) {
            stage.cut(n);
        } else if (lot < 96) {
            stage.mend(n);
        } else if (lot < 97) {
            stage.tell({"CLIENT", "KILL", "TYPE", random() % 2 ? "pubsub" : "normal", "SKIPME", "yes"});
        } else {
            loop.io.restart();
            loop.io.run_for(std::chrono::milliseconds(random() % 60));
        }
        loop.io.restart();
        loop.io.poll_one();
    }
    for (std::size_t n = 0; n < node_count; ++n)
        stage.mend(n);
    for (std::size_t n = 0; n < node_count; ++n)
        loop.until([&] { return nodes[n]->is_up(); });
    const auto is_whole = [&](std::size_t n) {
        std::uint64_t owed = 0;
        for (std::size_t from = 0; from < node_count; ++from) {
            if (told[n].heard[from] != sent[from])
                return false;
            owed += from == n ? 0 : static_cast<std::uint64_t>(unsent[from]);
        }
        return told[n].told_dropped == owed;
    };
    for (std::size_t n = 0; n < node_count; ++n)
        EXPECT_NO_THROW(loop.until([&] { return is_whole(n); })) << "node " << n;
    loop.settle();
    for (std::size_t n = 0; n < node_count; ++n) {
        EXPECT_TRUE(is_whole(n)) << "node " << n;
        EXPECT_EQ(told[n].disorder, 0) << "node " << n;
        for (std::size_t from = 0; from < node_count; ++from)
            EXPECT_EQ(told[n].heard[from], sent[from]) << "node " << n << " of " << from;
    }
    for (std::size_t n = 0; n < node_count; ++n)
        loop.wait(nodes[n]->stop(deadline::after(2s)));
    for (const auto& each : runs)
        loop.until([&] { return each->done(); });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RedisBrokerInChaos, ::testing::Range(0u, 6u));

} // namespace
} // namespace infra::realtime
