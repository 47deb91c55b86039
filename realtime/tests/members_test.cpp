#include "../src/members.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace infra::realtime::detail {
namespace {

using namespace std::chrono_literals;
using kind = presence_change::kind;

const wall_time monday = from_unix_ms(1'767'225'600'000);
const steady_time start{};

class Members : public testing::Test {
protected:
    std::optional<kind> add(const std::string& user, const client_id& client, json::value info = {}) {
        const auto change = all.add("room", user, client, std::move(info), monday);
        return change ? std::optional(change->what) : std::nullopt;
    }
    std::vector<std::string> left(steady_time now) {
        std::vector<std::string> out;
        for (const auto& each : all.expire(now)) {
            EXPECT_EQ(each.what, kind::left);
            out.push_back(each.who.user);
        }
        return out;
    }
    members all{{.grace = 15s, .max_members = 3, .max_info_bytes = 16}};
};

TEST_F(Members, JoinOnceWhicheverDevicesTheyUse) {
    EXPECT_EQ(add("anna", "1"), kind::joined);
    EXPECT_EQ(add("anna", "2"), kind::changed);
    EXPECT_EQ(add("ben", "3"), kind::joined);
    EXPECT_EQ(add("anna", "2"), std::nullopt);
    EXPECT_EQ(all.count("room"), (presence_stats{.users = 2, .connections = 3}));
}

TEST_F(Members, LeaveAGracePeriodAfterTheirLastConnection) {
    add("anna", "1");
    add("anna", "2");
    all.remove("room", "1", start);
    EXPECT_EQ(all.next_expiry(), std::nullopt);
    const auto change = all.remove("room", "2", start + 1s);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->what, kind::changed);
    EXPECT_EQ(change->who.connections, 0u);
    EXPECT_EQ(all.next_expiry(), start + 16s);
    EXPECT_TRUE(left(start + 16s - 1ns).empty());
    EXPECT_EQ(all.count("room"), (presence_stats{.users = 1, .connections = 0}));
    EXPECT_EQ(left(start + 16s), std::vector<std::string>{"anna"});
    EXPECT_TRUE(all.empty());
}

TEST_F(Members, WhoComesBackInTimeHasNeverBeenAway) {
    add("anna", "1");
    all.remove("room", "1", start);
    EXPECT_EQ(add("anna", "2"), kind::changed);
    EXPECT_TRUE(left(start + 1h).empty());
    all.remove("room", "2", start + 1h);
    EXPECT_EQ(add("anna", "3"), kind::changed);
    all.remove("room", "3", start + 1h + 10s); // the grace of the visit before must not end this one
    EXPECT_TRUE(left(start + 1h + 15s).empty());
    EXPECT_EQ(left(start + 1h + 25s), std::vector<std::string>{"anna"});
}

TEST_F(Members, AreShownWithTheInfoOfTheirLatestConnection) {
    add("anna", "1", "desk");
    add("anna", "2", "phone");
    EXPECT_EQ(all.snapshot("room"),
              (std::vector<member>{{.user = "anna", .info = "phone", .connections = 2, .since = monday}}));
    all.remove("room", "2", start);
    EXPECT_EQ(all.snapshot("room").front().info, "desk");
    all.remove("room", "1", start);
    EXPECT_EQ(all.snapshot("room").front().info, "desk");
    EXPECT_EQ(all.snapshot("room").front().connections, 0u);
}

TEST_F(Members, WithoutAUserAreTheirConnection) {
    EXPECT_EQ(add("", "1"), kind::joined);
    EXPECT_EQ(add("", "2"), kind::joined);
    EXPECT_EQ(all.snapshot("room").front().user, "1");
    all.remove("room", "1", start);
    EXPECT_EQ(left(start + 15s), std::vector<std::string>{"1"});
}

TEST_F(Members, AreShownUpToABoundAndCountedBeyond) {
    for (const auto* user : {"e", "d", "c", "b", "a"})
        add(user, std::string("client of ") + user);
    const auto shown = all.snapshot("room");
    ASSERT_EQ(shown.size(), 3u);
    EXPECT_EQ(shown[0].user, "a");
    EXPECT_EQ(shown[2].user, "c");
    EXPECT_EQ(all.count("room").users, 5u);
}

TEST_F(Members, TakeNoMoreInfoThanAllowed) {
    EXPECT_TRUE(all.takes({}));
    EXPECT_TRUE(all.takes("12345678901234")); // with its quotes
    EXPECT_FALSE(all.takes("123456789012345"));
}

TEST_F(Members, OfOtherChannelsAreOthers) {
    add("anna", "1");
    all.add("lobby", "anna", "1", {}, monday);
    all.remove("room", "1", start);
    EXPECT_EQ(all.remove("room", "1", start), std::nullopt);
    EXPECT_EQ(all.remove("nowhere", "1", start), std::nullopt);
    EXPECT_EQ(left(start + 15s).size(), 1u);
    EXPECT_EQ(all.count("lobby").users, 1u);
    EXPECT_EQ(all.count("room").users, 0u);
}

// What a user's connections say, kept in the plainest way.
struct model {
    std::map<std::string, std::set<client_id>> connections;
    std::map<std::string, steady_time> until; // of those with none

    std::set<std::string> expire(steady_time now) {
        std::set<std::string> gone;
        for (const auto& [user, when] : until)
            if (when <= now)
                gone.insert(user);
        for (const auto& user : gone) {
            until.erase(user);
            connections.erase(user);
        }
        return gone;
    }
};

TEST(MembersByModel, JoinAndLeaveInTurnAndNeverTwice) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        members all({.grace = 15s});
        model expected;
        auto now = start;
        std::set<std::string> there;
        for (int step = 0; step < 300; ++step) {
            const auto user = std::string(1, static_cast<char>('a' + random() % 4));
            const auto client = user + std::to_string(random() % 3);
            now += std::chrono::seconds(random() % 8);
            std::set<std::string> gone;
            for (const auto& each : all.expire(now)) {
                gone.insert(each.who.user);
                EXPECT_EQ(there.erase(each.who.user), 1u) << "left without having been there";
            }
            ASSERT_EQ(gone, expected.expire(now)) << "seed " << seed << ", step " << step;
            if (random() % 2) {
                const auto change = all.add("room", user, client, {}, monday);
                const bool is_new = expected.connections[user].insert(client).second;
                expected.until.erase(user);
                ASSERT_EQ(change.has_value(), is_new);
                if (change && change->what == kind::joined)
                    EXPECT_TRUE(there.insert(user).second) << "joined twice";
            } else {
                const auto change = all.remove("room", client, now);
                const auto known = expected.connections.find(user);
                const bool was_there = known != expected.connections.end() && known->second.erase(client) > 0;
                ASSERT_EQ(change.has_value(), was_there);
                if (was_there && known->second.empty())
                    expected.until[user] = now + 15s;
            }
            ASSERT_EQ(all.count("room").users, expected.connections.size());
            ASSERT_EQ(there.size(), expected.connections.size());
        }
    }
}

} // namespace
} // namespace infra::realtime::detail
