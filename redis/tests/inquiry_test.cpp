#include "src/inquiry.hpp"

#include "tests/proxy.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

/// A node that says that it has the slots up to this one, in this epoch.
actor::part in_epoch(std::uint64_t epoch, int last_slot = 16383) {
    return [=](std::size_t, const std::string& heard) -> std::optional<std::string> {
        if (heard.find("HELLO") != heard.npos)
            return hello_answer;
        const auto info = "cluster_state:ok\r\ncluster_current_epoch:" + std::to_string(epoch) + "\r\n";
        return "*1\r\n*3\r\n:0\r\n:" + std::to_string(last_slot) + "\r\n*2\r\n$1\r\nh\r\n:1\r\n$" +
               std::to_string(info.size()) + "\r\n" + info + "\r\n";
    };
}

class RedisInquiry : public ::testing::Test {
protected:
    inquiry::map_ptr ask(std::initializer_list<const actor*> whom, std::uint64_t known,
                         const inquiry::map_ptr& before = nullptr) {
        std::vector<address> nodes;
        for (const auto* each : whom)
            nodes.push_back({.host = "127.0.0.1", .port = each->port()});
        const auto all = std::make_shared<slot_map>(before ? *before : slot_map());
        all->set_epoch(known);
        return loop.get(inquiry::of(through, nodes, all));
    }

    test_loop loop;
    connector through{options{.cluster = cluster_options{.seeds = {{.host = "h", .port = 1}}}}, real_clock(),
                      std::make_unique<fixed_place>(options{})};
    const actor old{loop.get_executor(), in_epoch(3)}, older{loop.get_executor(), in_epoch(2)},
        current{loop.get_executor(), in_epoch(7)}, silent_about_it{loop.get_executor(), in_epoch(0)},
        new_here{loop.get_executor(), in_epoch(7, 99)}, newer_here{loop.get_executor(), in_epoch(7, 9)};
};

TEST_F(RedisInquiry, DoesNotBelieveWhoTellsOfATimeBefore) {
    EXPECT_EQ(ask({&old, &current}, 7)->epoch(), 7u);
    EXPECT_EQ(ask({&old, &older, &current}, 5)->epoch(), 7u);
    EXPECT_EQ(ask({&old, &current}, 3)->epoch(), 3u) << "it is no older than what was told before";
}

TEST_F(RedisInquiry, BelievesTheNewestWhereAllTellOfATimeBefore) {
    EXPECT_EQ(ask({&older, &old}, 7)->epoch(), 3u) << "the cluster was made anew";
    EXPECT_EQ(ask({&silent_about_it}, 7)->epoch(), 0u);
}

// Whoever believed it would take those that it has not heard of for none of the cluster's.
TEST_F(RedisInquiry, DoesNotBelieveWhoHasNotHeardOfAllSlotsYet) {
    const auto full = ask({&current}, 7);
    EXPECT_EQ(ask({&new_here, &current}, 7, full)->slots_served(), 16384u);
    EXPECT_EQ(ask({&new_here, &old, &current}, 7, full)->slots_served(), 16384u);
    EXPECT_EQ(ask({&new_here}, 0)->slots_served(), 100u) << "nobody has told of more";
}

TEST_F(RedisInquiry, BelievesTheFullestWhereNobodyKnowsOfAllSlotsAnyMore) {
    const auto full = ask({&current}, 7);
    EXPECT_EQ(ask({&newer_here, &new_here}, 7, full)->slots_served(), 100u) << "they have been taken from a node";
    EXPECT_EQ(ask({&old, &new_here}, 7, full)->epoch(), 7u) << "older is worse than fewer";
}

} // namespace
} // namespace infra::redis::detail
