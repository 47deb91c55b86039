// Hubs on two nodes, their clients, and a Node process, on one Redis.

#include "realtime/tests/redis/hubs_stage.hpp"
#include "realtime/tests/redis/stage.hpp"

#include <algorithm>
#include <iterator>

namespace infra::realtime {
namespace {

class HubsOverRedis : public HubsOnNodes {
protected:
    void SetUp() override {
        if (!infra::testing::redis_server::installed())
            GTEST_SKIP() << infra::testing::redis_server::how_to_install;
        stage.emplace(loop);
        start(*stage);
    }
    ~HubsOverRedis() override { // before what it stands on
        hubs.clear();
        brokers.clear();
    }

    std::optional<redis_stage> stage;
};

TEST_F(HubsOverRedis, BringAMessageToTheClientsOfAllNodes) {
    test_client anna(hubs[0], {.user = "anna"}), ben(hubs[1], {.user = "ben"});
    subscribe(anna, "room:1");
    subscribe(ben, "room:1");
    next(anna, "subscribed");
    next(ben, "subscribed");
    hubs[0].publish("room:1", {.type = "said", .data = 1}, {.except = anna.id()});
    EXPECT_EQ(next(ben, "said").offset, 1u);
    hubs[1].publish("room:1", {.type = "said", .data = 2});
    EXPECT_EQ(next(ben, "said").offset, 2u);
    EXPECT_EQ(next(anna, "said").offset, 2u) << "the first one was not for her";
    EXPECT_EQ(loop.get(hubs[1].publish_confirmed("room:1", {.type = "said", .data = 3})).at.offset, 3u);
}

TEST_F(HubsOverRedis, GiveAClientThatComesBackElsewhereAllThatItMissed) {
    position left;
    {
        test_client anna(hubs[0], {.user = "anna"});
        subscribe(anna, "room:1");
        left = place_in(next(anna, "subscribed"));
    }
    for (int i = 1; i <= 5; ++i)
        loop.get(hubs[0].publish_confirmed("room:1", {.type = "said", .data = i}));
    test_client anna(hubs[1], {.user = "anna"});
    subscribe(anna, "room:1", left);
    const auto back = next(anna, "subscribed");
    EXPECT_TRUE(back.data.at("recovered").as_bool());
    std::vector<std::uint64_t> offsets;
    loop.until([&] {
        for (const auto& each : anna.heard("said"))
            offsets.push_back(each.offset);
        return offsets.size() == 5;
    });
    EXPECT_EQ(offsets, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

TEST_F(HubsOverRedis, TellTheClientsOfAllNodesWhoComesAndGoes) {
    test_client anna(hubs[0], {.user = "anna"});
    subscribe(anna, "room:1");
    next(anna, "subscribed");
    {
        test_client ben(hubs[1], {.user = "ben"});
        subscribe(ben, "room:1");
        EXPECT_EQ(next(anna, "join").data.at("user"), "ben");
        loop.until([&] { return loop.get(hubs[0].count_present("room:1")).users == 2; });
        EXPECT_EQ(loop.get(hubs[1].presence("room:1")).front().user, "anna");
    }
    EXPECT_EQ(next(anna, "leave").data.at("user"), "ben");
}

TEST_F(HubsOverRedis, LetClientsHearTheirOwnNodeWhileTheLinkIsBroken) {
    test_client anna(hubs[0], {.user = "anna"}), ben(hubs[1], {.user = "ben"});
    subscribe(anna, "room:1");
    subscribe(ben, "room:1");
    next(anna, "subscribed");
    next(ben, "subscribed");
    stage->cut(0);
    loop.until([&] { return !brokers[0]->is_up(); });
    hubs[0].publish("room:1", {.type = "said", .data = "here alone"});
    EXPECT_EQ(next(anna, "said").offset, 0u);
    hubs[1].publish("room:1", {.type = "said", .data = "there"});
    EXPECT_EQ(next(ben, "said").offset, 1u);
    stage->mend(0);
    EXPECT_EQ(next(anna, "said").offset, 1u) << "missed, and read from the history";
    EXPECT_EQ(next(ben, "gap").data.at("dropped").to_number<int>(), 1);
    hubs[0].publish("room:1", {.type = "said", .data = "both"});
    EXPECT_EQ(next(anna, "said").offset, 3u);
    EXPECT_EQ(next(ben, "said").offset, 3u);
}

TEST_F(HubsOverRedis, TellWhoComesBackThatItMissedWhatItsNodeSaidAlone) {
    test_client anna(hubs[0], {.user = "anna"}), ben(hubs[0], {.user = "ben"});
    subscribe(anna, "room:1");
    subscribe(ben, "room:1");
    const auto left = place_in(next(anna, "subscribed"));
    next(ben, "subscribed");
    anna.drop();
    stage->cut(0);
    loop.until([&] { return !brokers[0]->is_up(); });
    hubs[0].publish("room:1", {.type = "said", .data = "here alone"});
    next(ben, "said");
    const auto comes_back = [&](std::size_t to) {
        test_client again(hubs[to], {.user = "anna"});
        subscribe(again, "room:1", left);
        return next(again, "subscribed").data.at("recovered").as_bool();
    };
    EXPECT_FALSE(comes_back(0));
    stage->mend(0);
    loop.until([&] { return loop.get(hubs[1].history("room:1")).now.offset == 1; }); // the others' gap
    EXPECT_FALSE(comes_back(0));
    hubs[1].publish("room:1", {.type = "said"});
    EXPECT_EQ(next(ben, "said").offset, 2u);
    EXPECT_FALSE(comes_back(0));
    EXPECT_TRUE(ben.heard("gap").empty());
}

TEST_F(HubsOverRedis, GiveNobodyWhoComesBackWhatHasOutlivedItsTime) {
    test_client anna(hubs[1], {.user = "anna"});
    const auto before = join(anna, "room:1");
    loop.get(hubs[0].publish_confirmed("room:1", {.type = "said", .data = "soon stale"},
                                       {.ttl = std::chrono::milliseconds(1)}));
    loop.get(hubs[0].publish_confirmed("room:1", {.type = "said", .data = "news"}));
    std::size_t told = 0;
    loop.until([&] { return (told += anna.heard("said").size()) == 2; });
    loop.until([&] { // it was heard here, or it is read from the history
        test_client again(hubs[1], {.user = "anna"});
        subscribe(again, "room:1", before);
        EXPECT_TRUE(next(again, "subscribed").data.at("recovered").as_bool());
        std::vector<heard_message> said;
        loop.until([&] {
            return std::ranges::any_of(said = again.heard("said"), [](const auto& m) { return m.data == "news"; });
        });
        return said.size() == 1;
    });
}

TEST_F(HubsOverRedis, AskForAHistoryOnceForAllWhoComeToItsChannel) {
    for (int i = 1; i <= 5; ++i)
        loop.get(hubs[0].publish_confirmed("room:1", {.type = "said", .data = i}));
    std::size_t questions = 0;
    stage->links[1]->on_request = [&](std::string bytes) {
        questions += bytes.find("{room:1}:s") != std::string::npos;
        return std::optional(std::move(bytes));
    };
    std::vector<std::unique_ptr<test_client>> all;
    for (int i = 0; i < 100; ++i) {
        auto& who = *all.emplace_back(std::make_unique<test_client>(hubs[1], identity{.user = std::to_string(i)}));
        subscribe(who, "room:1");
        who.say({.what = {.type = "history", .channel = "room:1", .data = {{"limit", 3}}}});
    }
    for (const auto& who : all) {
        const auto told = next(*who, "history").data;
        EXPECT_EQ(told.at("complete"), true);
        ASSERT_EQ(told.at("messages").as_array().size(), 3u);
        EXPECT_EQ(told.at("messages").at(0).at("offset"), 3);
        EXPECT_EQ(told.at("messages").at(2).at("data"), 5);
    }
    EXPECT_LE(questions, 2u) << "where the channel is, and what it remembers";
    test_client passer_by(hubs[1], {.user = "passer-by"});
    passer_by.say({.what = {.type = "history", .channel = "room:1"}});
    EXPECT_EQ(next(passer_by, "history").data.at("messages").as_array().size(), 5u);
    EXPECT_EQ(questions, 3u) << "who does not hear what comes may have published it";
}

TEST_F(HubsOverRedis, TellOfAGapWhoCameWhileTheLinkWasBroken) {
    stage->cut(0);
    loop.until([&] { return !brokers[0]->is_up(); });
    test_client anna(hubs[0], {.user = "anna"});
    subscribe(anna, "room:1");
    EXPECT_FALSE(next(anna, "subscribed").data.as_object().contains("epoch"));
    loop.get(hubs[1].publish_confirmed("room:1", {.type = "said", .data = "missed"}));
    stage->mend(0);
    std::vector<heard_message> said, gaps;
    loop.until([&] {
        loop.get(hubs[1].publish_confirmed("room:1", {.type = "said"}));
        std::ranges::copy(anna.heard("said"), std::back_inserter(said));
        return !said.empty();
    });
    const auto gap = next(anna, "gap");
    EXPECT_EQ(gap.data.at("offset").to_number<std::uint64_t>(), said.front().offset - 1);
    EXPECT_TRUE(gap.data.as_object().contains("epoch"));
}

TEST_F(HubsOverRedis, TellClientsThatTheHistoryIsLost) {
    test_client anna(hubs[0], {.user = "anna"});
    subscribe(anna, "room:1");
    const auto before = place_in(next(anna, "subscribed"));
    stage->server.kill();
    loop.until([&] { return !brokers[0]->is_up() && !brokers[1]->is_up(); });
    stage->server.start();
    loop.until([&] { return brokers[0]->is_up() && brokers[1]->is_up(); });
    next(anna, "gap");
    loop.get(hubs[1].publish_confirmed("room:1", {.type = "said"}));
    EXPECT_EQ(next(anna, "said").offset, 1u);
    test_client ben(hubs[0], {.user = "ben"});
    subscribe(ben, "room:1", before);
    EXPECT_FALSE(next(ben, "subscribed").data.at("recovered").as_bool());
}

TEST_F(HubsOverRedis, DisconnectAUserOnAllNodes) {
    test_client here(hubs[0], {.user = "anna"}), there(hubs[1], {.user = "anna"}), other(hubs[1], {.user = "ben"});
    EXPECT_EQ(hubs[0].disconnect_user("anna"), 1u);
    loop.until([&] { return here.closed() && there.closed(); });
    EXPECT_EQ(there.closed(), close_code::disconnected);
    EXPECT_FALSE(other.closed());
}

TEST_F(HubsOverRedis, DisconnectAUserOnOtherNodesOnceThereIsALink) {
    test_client anna(hubs[1], {.user = "anna"}), ben(hubs[1], {.user = "ben"});
    for (std::size_t cut = 0; cut < 2; ++cut) { // who says it, who is to hear it
        stage->cut(cut);
        loop.until([&] { return !brokers[cut]->is_up(); });
        hubs[0].disconnect_user(cut == 0 ? "anna" : "ben");
        loop.settle();
        const auto& gone = cut == 0 ? anna : ben;
        EXPECT_FALSE(gone.closed());
        stage->mend(cut);
        loop.until([&] { return gone.closed().has_value(); });
        until_linked();
    }
}

TEST_F(HubsOverRedis, ShareTheirChannelsWithAHubInAnotherProcess) {
    test_client anna(hubs[0], {.user = "anna"});
    subscribe(anna, "room:1");
    next(anna, "subscribed");
    node_process other({stage->server.socket()});
    EXPECT_EQ(next(anna, "here").offset, 1u);
    hubs[0].publish("room:1", {.type = "said", .data = "over there?"});
    const auto repeated = next(anna, "repeated");
    EXPECT_EQ(repeated.data, "over there?");
    EXPECT_EQ(repeated.offset, 3u) << "one order for both";
    hubs[0].disconnect_user("ben");
    loop.until([&] { return other.has_ended(); });
    EXPECT_TRUE(other.ended_well());
}

TEST_F(HubsOverRedis, HearANodeProcessThatPublishesOnce) {
    if (!has_ioredis())
        GTEST_SKIP() << how_to_get_ioredis;
    test_client anna(hubs[0], {.user = "anna"}), ben(hubs[1], {.user = "ben"});
    for (auto* each : {&anna, &ben}) {
        subscribe(*each, "room:1");
        next(*each, "subscribed");
    }
    ASSERT_EQ(run_node(R"(
        import Redis from "ioredis";
        const redis = new Redis({ path: process.argv[1] });
        await redis.publish("rt:{room:1}", JSON.stringify({ type: "said", data: { text: "from node" } }));
        redis.disconnect();)",
                       {stage->server.socket()}),
              0);
    for (auto* each : {&anna, &ben})
        EXPECT_EQ(next(*each, "said").data, (json::value{{"text", "from node"}}));
}

} // namespace
} // namespace infra::realtime
