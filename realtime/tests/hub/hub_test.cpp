#include "hub_fixture.hpp"

#include <functional>

namespace infra::realtime::tests {
namespace {

using namespace std::chrono_literals;

// --- publishing

TEST_F(Hub, SendsWhatIsPublishedToWhoIsSubscribedBeforePublishReturns) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    join("carl");
    EXPECT_TRUE(subject.subscribe("room", "anna"));
    EXPECT_TRUE(subject.subscribe("room", "bert"));
    EXPECT_TRUE(subject.subscribe("room", "bert")) << "twice is once";
    EXPECT_FALSE(subject.subscribe("room", "nobody"));
    EXPECT_EQ(subject.publish("room", {.type = "said", .data = "hi"}).subscribers, 2u);
    EXPECT_EQ(anna->received, strings{R"({"type":"said","channel":"room","data":"hi"})"});
    EXPECT_EQ(bert->received, anna->received);
    EXPECT_EQ(subject.publish("empty", {.type = "said"}).subscribers, 0u);
}

TEST_F(Hub, DeliversToAGroupOnItsLoopInOneTurnWithOneFlush) {
    const auto group = std::make_shared<recording_group>(loop.get_executor());
    const auto anna = join("anna", group);
    const auto bert = join("bert", group);
    subject.subscribe("room", "anna");
    subject.subscribe("room", "bert");
    for (const auto* text : {"1", "2", "3"})
        subject.publish("room", {.type = text});
    EXPECT_TRUE(anna->received.empty());
    loop.settle();
    EXPECT_EQ(anna->received, (strings{said("1"), said("2"), said("3")}));
    EXPECT_EQ(bert->received, anna->received);
    EXPECT_EQ(group->flushes, 1u);
}

TEST_F(Hub, GivesAllTheVerySameBytes) {
    const auto group = std::make_shared<recording_group>(loop.get_executor());
    const auto other = std::make_shared<recording_group>(loop.get_executor());
    const std::vector all{join("anna", group), join("bert", group), join("carl", other), join("dora")};
    for (const auto* name : {"anna", "bert", "carl", "dora"})
        subject.subscribe("room", name);
    subject.publish("room", {.type = "said"});
    loop.settle();
    for (const auto& each : all) {
        ASSERT_EQ(each->received, strings{said("said")});
        EXPECT_EQ(static_cast<const void*>(each->last.websocket().data()), all[0]->last.websocket().data());
    }
}

TEST_F(Hub, LeavesOneOut) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    subject.subscribe("room", "anna");
    subject.subscribe("room", "bert");
    subject.publish("room", {.type = "typing"}, {.except = "anna"});
    subject.publish("room", {.type = "said"}, {.except = "nobody"});
    EXPECT_EQ(anna->received, strings{said("said")});
    EXPECT_EQ(bert->received, (strings{said("typing"), said("said")}));
}

TEST_F(Hub, PublishesAKeyOnceInFiveMinutes) {
    const auto anna = join("anna");
    subject.subscribe("room", "anna");
    EXPECT_FALSE(subject.publish("room", {.type = "1"}, {.idempotency_key = "a"}).duplicate);
    const auto again = subject.publish("room", {.type = "1"}, {.idempotency_key = "a"});
    EXPECT_TRUE(again.duplicate);
    EXPECT_EQ(again.subscribers, 0u);
    EXPECT_FALSE(subject.publish("other", {.type = "1"}, {.idempotency_key = "a"}).duplicate) << "another channel";
    time.advance(5min);
    EXPECT_FALSE(subject.publish("room", {.type = "2"}, {.idempotency_key = "a"}).duplicate);
    EXPECT_EQ(anna->received, (strings{said("1"), said("2")}));
}

TEST_F(Hub, ForgetsTheOldestKeyWhereThereAreTooMany) {
    for (const auto* key : {"a", "b", "c"}) // two are remembered
        subject.publish("room", {.type = "x"}, {.idempotency_key = key});
    EXPECT_TRUE(subject.publish("room", {.type = "x"}, {.idempotency_key = "c"}).duplicate);
    EXPECT_FALSE(subject.publish("room", {.type = "x"}, {.idempotency_key = "a"}).duplicate);
}

TEST(HubLimits, AKeyIsNotUsedUpByWhatCouldNotBePublished) {
    hub small({.channels = {{"*", {.history = {.size = 1}}}}, .limits = {.max_channels = 1}});
    small.register_client("1", std::make_shared<recording>());
    small.subscribe("a", "1");
    for (int i = 0; i < 2; ++i)
        EXPECT_THROW(small.publish("b", {.type = "x"}, {.idempotency_key = "k"}), infra::error);
}

TEST_F(Hub, RefusesWhatCannotBePublished) {
    const auto refused = [this](std::string_view channel, message m, publish_options how = {}) {
        try {
            subject.publish(channel, std::move(m), std::move(how));
            return std::string();
        } catch (const std::invalid_argument& e) {
            return std::string(e.what());
        }
    };
    EXPECT_NE(refused("", {.type = "x"}), "");
    EXPECT_NE(refused("a\nb", {.type = "x"}), "");
    EXPECT_NE(refused("room", {.type = ""}), "");
    EXPECT_NE(refused("room", {.type = "gap"}).find("\"gap\""), std::string::npos);
    EXPECT_NE(refused("room", {.type = "x"}, {.idempotency_key = std::string(256, 'k')}), "");
    EXPECT_NE(refused("room", {.type = "x"}, {.ttl = 0ms}), "");
    EXPECT_THROW(subject.subscribe("", "anna"), std::invalid_argument);
}

TEST_F(Hub, SendsToOneAndToAll) {
    const auto anna = join("anna");
    const auto bert = join("bert", std::make_shared<recording_group>(loop.get_executor()));
    EXPECT_TRUE(subject.send_to_client("anna", {.type = "one"}));
    EXPECT_FALSE(subject.send_to_client("nobody", {.type = "one"}));
    subject.broadcast({.type = "all"});
    loop.settle();
    EXPECT_EQ(anna->received, (strings{R"({"type":"one"})", R"({"type":"all"})"}));
    EXPECT_EQ(bert->received, strings{R"({"type":"all"})"});
}

// --- clients that misbehave

TEST_F(Hub, AClientThatThrowsHarmsNobodyAndIsRemoved) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    const auto carl = join("carl");
    for (const auto* id : {"anna", "bert", "carl"})
        subject.subscribe("room", id);
    bert->throws = true;
    subject.publish("room", {.type = "1"});
    subject.publish("room", {.type = "2"});
    EXPECT_EQ(anna->received.size(), 2u);
    EXPECT_EQ(carl->received.size(), 2u);
    EXPECT_EQ(bert->sends, 1u) << "not asked again";
    EXPECT_EQ(subject.get_client("bert"), nullptr);
    EXPECT_EQ(subject.get_subscribers("room"), (strings{"anna", "carl"}));
}

TEST_F(Hub, AClientThatThrowsInABroadcastHarmsNobody) {
    const auto anna = join("anna");
    const auto bert = join("bert");
    anna->throws = true;
    subject.broadcast({.type = "1"});
    subject.broadcast({.type = "2"});
    EXPECT_EQ(bert->received.size(), 2u);
    EXPECT_EQ(subject.get_connected_clients(), strings{"bert"});
}

TEST_F(Hub, OneOfAGroupThatThrowsIsAskedNoMoreInTheSameTurn) {
    const auto group = std::make_shared<recording_group>(loop.get_executor());
    const auto anna = join("anna", group);
    const auto bert = join("bert", group);
    subject.subscribe("room", "anna");
    subject.subscribe("room", "bert");
    anna->throws = true;
    for (int i = 0; i < 3; ++i)
        subject.publish("room", {.type = "x"});
    loop.settle();
    EXPECT_EQ(anna->sends, 1u);
    EXPECT_EQ(bert->received.size(), 3u);
    EXPECT_EQ(subject.get_subscribers("room"), strings{"bert"});
}

// --- who calls the hub while it calls them

/// Does something when it is sent something.
struct acting : recording {
    using recording::recording;
    void send(const frame& f) override {
        recording::send(f);
        if (const auto now = std::exchange(act, nullptr))
            now();
    }
    std::function<void()> act;
};

TEST_F(Hub, WhatIsPublishedWhileItDeliversComesBehindForAll) {
    const auto first = std::make_shared<acting>();
    subject.register_client("first", first);
    const auto second = join("second");
    subject.subscribe("room", "first");
    subject.subscribe("room", "second");
    first->act = [this] { subject.publish("room", {.type = "answer"}); };
    subject.publish("room", {.type = "question"});
    EXPECT_EQ(first->received, (strings{said("question"), said("answer")}));
    EXPECT_EQ(second->received, first->received);
}

TEST_F(Hub, AClientMayTakeAnyoneAwayWhileItIsSentTo) {
    const auto first = std::make_shared<acting>();
    subject.register_client("first", first);
    const auto second = join("second");
    for (const auto* id : {"first", "second"})
        subject.subscribe("room", id);
    first->act = [this] {
        subject.remove_client("first");
        subject.disconnect("second", close_code::disconnected, "out");
        subject.clear_channels();
    };
    subject.publish("room", {.type = "1"});
    EXPECT_EQ(subject.publish("room", {.type = "2"}).subscribers, 0u);
    EXPECT_EQ(second->received, strings{said("1")}) << "it had been published before";
    EXPECT_EQ(second->closed, close_code::disconnected);
    EXPECT_EQ(second->why, "out");
    EXPECT_FALSE(first->closed) << "who is removed is not closed";
}

TEST_F(Hub, MayEndWhileItDelivers) {
    auto mortal = std::make_unique<hub>();
    const auto first = std::make_shared<acting>();
    const auto second = std::make_shared<recording>();
    mortal->register_client("first", first);
    mortal->register_client("second", second);
    first->act = [&] { mortal.reset(); };
    {
        const auto kept = *mortal; // a call needs its hub
        kept.get_channels();
        mortal->broadcast({.type = "last"});
    }
    EXPECT_EQ(mortal, nullptr);
    EXPECT_EQ(second->received.size(), 1u);
    EXPECT_EQ(second->closed, close_code::going_away);
}

} // namespace
} // namespace infra::realtime::tests
