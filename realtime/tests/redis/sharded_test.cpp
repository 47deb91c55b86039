// Channels spread over three servers, of which one goes and comes back.

#include "realtime/tests/redis/hubs_stage.hpp"
#include "realtime/tests/redis/stage.hpp"
#include "realtime/tests/sharded_medium.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace infra::realtime {
namespace {

using lines = std::vector<std::string>;

class HubsOverSeveralServers : public HubsOnNodes {
protected:
    static constexpr std::size_t shards = sharded_medium::shards;

    void SetUp() override {
        if (!infra::testing::redis_server::installed())
            GTEST_SKIP() << infra::testing::redis_server::how_to_install;
        between.emplace([this] {
            auto made = std::make_unique<redis_stage>(loop, impatient(),
                                                      lines{"--appendonly", "yes", "--appendfsync", "always"});
            servers.push_back(made.get());
            return made;
        });
        start(*between);
    }
    ~HubsOverSeveralServers() override { // before what it stands on
        hubs.clear();
        brokers.clear();
    }

    /// What has come since, of each channel: `1 said 1`, `gap 2`; a line each.
    lines heard(test_client& who, const std::string& channel) {
        lines out;
        std::vector<heard_message> others;
        for (auto& each : who.heard())
            unread[&who].push_back(std::move(each));
        for (auto& each : std::exchange(unread[&who], {})) {
            if (each.channel != channel)
                others.push_back(std::move(each));
            else if (each.type == "gap")
                out.push_back("gap " + json::to_text(each.data.at("dropped")));
            else if (each.type == "said")
                out.push_back(std::to_string(each.offset) + " said " + json::to_text(each.data));
        }
        unread[&who] = std::move(others);
        return out;
    }
    lines heard(test_client& who, const std::string& channel, std::size_t count) {
        lines out;
        loop.until([&] {
            std::ranges::move(heard(who, channel), std::back_inserter(out));
            return out.size() >= count;
        });
        return out;
    }
    std::vector<std::string> sockets() const {
        std::vector<std::string> out;
        for (const auto* each : servers)
            out.push_back(each->server.socket());
        return out;
    }

    std::optional<sharded_medium> between;
    std::vector<redis_stage*> servers; ///< of `between`
    std::map<const test_client*, std::vector<heard_message>> unread;
    /// One on each server.
    const std::array<std::string, shards> rooms{sharded_medium::channel_on(0, "room:"),
                                                sharded_medium::channel_on(1, "room:"),
                                                sharded_medium::channel_on(2, "room:")};
};

TEST_F(HubsOverSeveralServers, KeepAllOfAChannelOnItsServerAlone) {
    test_client anna(hubs[0], {.user = "anna"});
    for (const auto& room : rooms) {
        join(anna, room);
        const auto first = loop.get(hubs[1].publish_confirmed(room, {.type = "said"}, {.idempotency_key = "k"}));
        const auto again = loop.get(hubs[0].publish_confirmed(room, {.type = "said"}, {.idempotency_key = "k"}));
        EXPECT_EQ(first.at.offset, 1u);
        EXPECT_FALSE(first.duplicate);
        EXPECT_TRUE(again.duplicate) << room;
        EXPECT_EQ(loop.get(hubs[1].history(room)).messages.size(), 1u);
        loop.until([&] { return loop.get(hubs[1].count_present(room)).users == 1; });
        EXPECT_EQ(loop.get(hubs[1].presence(room)).front().user, "anna");
    }
    for (std::size_t shard = 0; shard < shards; ++shard) {
        const auto name = "rt:{" + rooms[shard] + "}";
        const auto keys = servers[shard]->ask<lines>({"KEYS", "*"});
        for (const auto& each : keys)
            EXPECT_TRUE(each.starts_with(name)) << each << " on the server of " << rooms[shard];
        for (const auto* part : {":s", ":m", ":i:k", ":p:u", ":p:x"})
            EXPECT_EQ(std::ranges::count(keys, name + part), 1) << part;
    }
}

TEST_F(HubsOverSeveralServers, LoseNothingOfTheOtherChannelsWhenOneServerIsKilledAndComesBack) {
    test_client anna(hubs[0], {.user = "anna"}), ben(hubs[1], {.user = "ben"});
    for (const auto& room : rooms)
        for (auto* each : {&anna, &ben})
            join(*each, room);
    const auto say = [&](std::size_t n, int number) {
        for (const auto& room : rooms)
            hubs[n].publish(room, {.type = "said", .data = number});
    };
    say(0, 1);
    for (const auto& room : rooms)
        for (auto* each : {&anna, &ben})
            EXPECT_EQ(heard(*each, room, 1), lines{"1 said 1"});

    servers[1]->server.kill();
    loop.until([&] { return !brokers[0]->is_up() && !brokers[1]->is_up(); });
    say(0, 2);
    for (const auto shard : {0u, 2u})
        for (auto* each : {&anna, &ben})
            EXPECT_EQ(heard(*each, rooms[shard], 1), lines{"2 said 2"});
    EXPECT_EQ(heard(anna, rooms[1], 1), lines{"0 said 2"}) << "on this node alone";
    EXPECT_THROW(loop.get(hubs[0].publish_confirmed(rooms[1], {.type = "said"})), infra::error);
    EXPECT_THROW(loop.get(hubs[0].history(rooms[1])), infra::error);
    EXPECT_EQ(loop.get(hubs[1].publish_confirmed(rooms[2], {.type = "said", .data = 3})).at.offset, 3u);
    EXPECT_EQ(loop.get(hubs[0].history(rooms[2])).messages.size(), 3u);

    servers[1]->server.start();
    until_linked();
    EXPECT_EQ(heard(ben, rooms[1], 1), lines{"gap 1"}) << "what the other node said alone";
    say(1, 4);
    for (auto* each : {&anna, &ben}) {
        EXPECT_EQ(heard(*each, rooms[0], 1), lines{"3 said 4"});
        EXPECT_EQ(heard(*each, rooms[1], 1), lines{"3 said 4"}) << "the gap has a place";
        EXPECT_EQ(heard(*each, rooms[2], 2), (lines{"3 said 3", "4 said 4"}));
    }
    loop.settle();
    for (const auto& room : rooms)
        for (auto* each : {&anna, &ben})
            EXPECT_EQ(heard(*each, room), lines{}) << room;
}

TEST_F(HubsOverSeveralServers, ReadWhatANodeMissedOfOneServerFromItsHistory) {
    test_client anna(hubs[0], {.user = "anna"}), carl(hubs[0], {.user = "carl"});
    std::vector<position> left;
    for (const auto& room : rooms) {
        join(anna, room);
        left.push_back(join(carl, room));
    }
    carl.drop();
    between->cut(0, 1);
    loop.until([&] { return !brokers[0]->is_up(); });
    for (int i = 1; i <= 3; ++i)
        for (const auto& room : rooms)
            loop.get(hubs[1].publish_confirmed(room, {.type = "said", .data = i}));
    const lines all{"1 said 1", "2 said 2", "3 said 3"};
    EXPECT_EQ(heard(anna, rooms[0], 3), all);
    EXPECT_EQ(heard(anna, rooms[2], 3), all);
    EXPECT_EQ(heard(anna, rooms[1]), lines{});
    between->mend(0, 1);
    EXPECT_EQ(heard(anna, rooms[1], 3), all);
    test_client again(hubs[0], {.user = "carl"});
    for (std::size_t shard = 0; shard < shards; ++shard) {
        subscribe(again, rooms[shard], left[shard]);
        EXPECT_TRUE(next(again, "subscribed").data.at("recovered").as_bool()) << rooms[shard];
        EXPECT_EQ(heard(again, rooms[shard], 3), all);
    }
}

TEST_F(HubsOverSeveralServers, DisconnectAUserOverTheServersThatAreThere) {
    for (std::size_t shard = 0; shard < shards; ++shard) {
        test_client there(hubs[1], {.user = "anna"});
        servers[shard]->server.kill();
        loop.until([&] { return !brokers[0]->is_up() && !brokers[1]->is_up(); });
        EXPECT_EQ(hubs[0].disconnect_user("anna"), 0u);
        loop.until([&] { return there.closed().has_value(); });
        servers[shard]->server.start();
        until_linked();
    }
}

// The first server says it at once, the others after anna has come back.
TEST_F(HubsOverSeveralServers, DisconnectAUserOnceThoughTheyAllSaySo) {
    std::vector<redis::proxy*> late;
    for (std::size_t shard = 1; shard < shards; ++shard)
        for (const auto& each : servers[shard]->links)
            late.push_back(each.get());
    for (auto* each : late)
        each->holds_reply = [](const std::string& bytes) { return bytes.find(R"("disconnect")") != std::string::npos; };
    test_client here(hubs[0], {.user = "anna"}), there(hubs[1], {.user = "anna"});
    hubs[0].disconnect_user("anna");
    loop.until([&] { return here.closed() && there.closed(); });
    test_client here_again(hubs[0], {.user = "anna"}), there_again(hubs[1], {.user = "anna"});
    for (auto* each : late) {
        loop.until([&] { return each->held() > 0; });
        each->let_go();
    }
    loop.settle();
    EXPECT_FALSE(there_again.closed());
    EXPECT_FALSE(here_again.closed());
}

TEST_F(HubsOverSeveralServers, ShareTheirChannelsWithAHubInAnotherProcess) {
    test_client anna(hubs[0], {.user = "anna"});
    join(anna, "room:1");
    node_process other(sockets());
    EXPECT_EQ(next(anna, "here").offset, 1u);
    hubs[1].publish("room:1", {.type = "said", .data = "over there?"});
    EXPECT_EQ(next(anna, "repeated").offset, 3u);
    hubs[0].disconnect_user("ben");
    loop.until([&] { return other.has_ended(); });
    EXPECT_TRUE(other.ended_well());
}

/// The program of nodes.md that finds a channel's server.
std::string program_of_the_readme() {
    std::ifstream file(INFRA_REALTIME "/nodes.md");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto begin = text.find("```js\n") + 6;
    return text.substr(begin, text.find("```", begin) - begin);
}

TEST_F(HubsOverSeveralServers, HearANodeProcessThatFindsTheServerAsTheReadmeSays) {
    if (!has_ioredis())
        GTEST_SKIP() << how_to_get_ioredis;
    test_client anna(hubs[0], {.user = "anna"}), ben(hubs[1], {.user = "ben"});
    const std::string with_accents = "room:\xc3\xa9\xe2\x82\xac";
    for (auto* each : {&anna, &ben}) {
        for (const auto& room : rooms)
            join(*each, room);
        join(*each, with_accents);
    }
    const auto paths = sockets();
    const auto program = R"(
        import Redis from "ioredis";
        const [paths, ...rooms] = process.argv.slice(1).map((word) => word.split(","));
        const servers = paths.map((path) => new Redis({ path }));
        for (const [room] of rooms) {
)" + program_of_the_readme() +
                         R"(
        }
        servers.forEach((each) => each.disconnect());)";
    ASSERT_EQ(
        run_node(program, {paths[0] + "," + paths[1] + "," + paths[2], rooms[0], rooms[1], rooms[2], with_accents}), 0);
    for (auto* each : {&anna, &ben}) {
        for (const auto& room : rooms)
            EXPECT_EQ(heard(*each, room, 1), lines{R"(0 said {"text":"from node"})"}) << room;
        EXPECT_EQ(heard(*each, with_accents, 1).size(), 1u);
    }
}

} // namespace
} // namespace infra::realtime
