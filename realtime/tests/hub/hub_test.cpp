#include "recording.hpp"

#include <infra/realtime.hpp>
#include <infra/testing/background_conformance.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

namespace infra::realtime::tests {
namespace {

using namespace std::chrono_literals;

class Hub : public ::testing::Test {
protected:
    std::shared_ptr<recording> join(const std::string& id, identity who = {}) {
        auto made = std::make_shared<recording>();
        subject.register_client(id, made, std::move(who));
        return made;
    }
    std::shared_ptr<recording> join(const std::string& id, std::shared_ptr<connection_group> of) {
        auto made = std::make_shared<recording>(std::move(of));
        subject.register_client(id, made);
        return made;
    }
    static std::string said(const std::string& type) { return R"({"type":")" + type + R"(","channel":"room"})"; }

    manual_clock time;
    testing::test_loop loop;
    hub subject{
        {.limits = {.max_clients_per_user = 2, .max_idempotency_keys = 2}, .on = loop.get_executor(), .time = &time}};
};

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

// --- clients and channels

TEST_F(Hub, NamesClientsAndChannelsInTheOrderTheyCame) {
    for (const auto* id : {"zoe", "anna", "mary"}) {
        join(id);
        subject.subscribe("2", id);
        subject.subscribe("1", id);
    }
    EXPECT_EQ(subject.get_connected_clients(), (strings{"zoe", "anna", "mary"}));
    EXPECT_EQ(subject.get_subscribers("1"), (strings{"zoe", "anna", "mary"}));
    EXPECT_EQ(subject.get_channels(), (strings{"2", "1"}));
    subject.unsubscribe("1", "anna");
    subject.subscribe("1", "anna");
    EXPECT_EQ(subject.get_subscribers("1"), (strings{"zoe", "mary", "anna"}));
}

TEST_F(Hub, AClientThatIsRemovedIsOnNoChannel) {
    const auto anna = join("anna");
    subject.subscribe("1", "anna");
    subject.subscribe("2", "anna");
    EXPECT_TRUE(subject.remove_client("anna"));
    EXPECT_FALSE(subject.remove_client("anna"));
    EXPECT_TRUE(subject.get_channels().empty());
    EXPECT_EQ(subject.publish("1", {.type = "x"}).subscribers, 0u);
    EXPECT_FALSE(anna->closed);
}

TEST_F(Hub, LeavesChannels) {
    join("anna");
    for (const auto* channel : {"1", "2", "3"})
        subject.subscribe(channel, "anna");
    EXPECT_TRUE(subject.unsubscribe("1", "anna"));
    EXPECT_FALSE(subject.unsubscribe("1", "anna"));
    EXPECT_FALSE(subject.unsubscribe("1", "nobody"));
    EXPECT_EQ(subject.unsubscribe_all("anna"), 2u);
    EXPECT_EQ(subject.unsubscribe_all("nobody"), 0u);
    subject.subscribe("4", "anna");
    subject.clear_channels();
    EXPECT_TRUE(subject.get_channels().empty());
    EXPECT_EQ(subject.get_subscribers("4"), strings{});
    EXPECT_TRUE(subject.get_client("anna"));
}

TEST_F(Hub, AnotherConnectionTakesTheIdAndNotTheChannels) {
    const auto old = join("anna");
    subject.subscribe("room", "anna");
    const auto fresh = join("anna");
    EXPECT_EQ(old->closed, close_code::replaced);
    EXPECT_EQ(subject.get_client("anna"), fresh);
    EXPECT_EQ(subject.get_connected_clients(), strings{"anna"});
    EXPECT_TRUE(subject.get_channels().empty());
}

TEST_F(Hub, KnowsItsClients) {
    join("c", {.user = "carl"});
    join("a");
    join("b");
    subject.subscribe("room", "c");
    const auto carl = subject.find_client("c");
    ASSERT_TRUE(carl);
    EXPECT_EQ(carl->user, "carl");
    EXPECT_EQ(carl->channels, strings{"room"});
    EXPECT_EQ(carl->since, time.wall());
    EXPECT_FALSE(subject.find_client("nobody"));
    const auto ids = [](const std::vector<client_info>& page) {
        strings found;
        for (const auto& each : page)
            found.push_back(each.id);
        return found;
    };
    EXPECT_EQ(ids(subject.list_clients()), (strings{"a", "b", "c"}));
    EXPECT_EQ(ids(subject.list_clients("", 2)), (strings{"a", "b"}));
    EXPECT_EQ(ids(subject.list_clients("b", 2)), strings{"c"});
}

TEST_F(Hub, KnowsItsChannels) {
    join("anna");
    for (const auto* channel : {"room:2", "room:1", "price"})
        subject.subscribe(channel, "anna");
    subject.publish("room:1", {.type = "x"});
    const auto room = subject.find_channel("room:1");
    ASSERT_TRUE(room);
    EXPECT_EQ(room->subscribers, 1u);
    EXPECT_EQ(room->published, 1u);
    EXPECT_EQ(room->at, position());
    EXPECT_FALSE(subject.find_channel("room:3"));
    const auto names = [](const std::vector<channel_info>& page) {
        strings found;
        for (const auto& each : page)
            found.push_back(each.name);
        return found;
    };
    EXPECT_EQ(names(subject.list_channels()), (strings{"price", "room:1", "room:2"}));
    EXPECT_EQ(names(subject.list_channels("room:", "room:1")), strings{"room:2"});
    EXPECT_EQ(names(subject.list_channels("", "", 1)), strings{"price"});
}

TEST_F(Hub, DisconnectsAUserWithAllItsConnections) {
    const auto one = join("1", {.user = "anna"});
    const auto two = join("2", {.user = "anna"});
    const auto bert = join("3", {.user = "bert"});
    EXPECT_EQ(subject.disconnect_user("anna", close_code::token_expired), 2u);
    EXPECT_EQ(one->closed, close_code::token_expired);
    EXPECT_EQ(two->closed, close_code::token_expired);
    EXPECT_FALSE(bert->closed);
    EXPECT_EQ(subject.disconnect_user("anna"), 0u);
    EXPECT_FALSE(subject.disconnect("1"));
}

TEST_F(Hub, SaysLastWordsBeforeItCloses) {
    const auto group = std::make_shared<recording_group>(loop.get_executor());
    const auto anna = join("anna", group);
    subject.subscribe("room", "anna");
    subject.publish("room", {.type = "1"});
    subject.send_to_client("anna", {.type = "bye"});
    subject.disconnect("anna");
    subject.publish("room", {.type = "2"});
    EXPECT_FALSE(anna->closed);
    loop.settle();
    EXPECT_EQ(anna->received, (strings{said("1"), R"({"type":"bye"})"}));
    EXPECT_EQ(anna->closed, close_code::disconnected);
}

// --- limits

TEST_F(Hub, TakesNoMoreThanAUserMayHave) {
    join("1", {.user = "anna"});
    join("2", {.user = "anna"});
    EXPECT_THROW(join("3", {.user = "anna"}), infra::error);
    join("3", {.user = "bert"});
    subject.remove_client("1");
    join("4", {.user = "anna"});
    EXPECT_EQ(subject.get_connected_clients(), (strings{"2", "3", "4"}));
}

TEST_F(Hub, TakesNoMoreClientsAndChannelsThanItMay) {
    hub small({.limits = {.max_clients = 1, .max_channels = 1}});
    small.register_client("1", std::make_shared<recording>());
    try {
        small.register_client("2", std::make_shared<recording>());
        FAIL();
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), infra::errc::overloaded);
    }
    small.subscribe("a", "1");
    EXPECT_THROW(small.subscribe("b", "1"), infra::error);
    small.unsubscribe("a", "1");
    EXPECT_TRUE(small.subscribe("b", "1"));
    EXPECT_THROW(small.register_client("", std::make_shared<recording>()), std::invalid_argument);
    EXPECT_THROW(small.register_client("x", nullptr), std::invalid_argument);
}

TEST(HubLimits, TheLongestIdleHistoryMakesRoomForAnotherChannel) {
    manual_clock time;
    hub small({.channels = {{"*", {.history = {.size = 10}}}}, .limits = {.max_channels = 3}, .time = &time});
    small.register_client("1", std::make_shared<recording>());
    small.subscribe("heard", "1");
    for (const auto* each : {"b", "c", "b"}) {
        time.advance(1s);
        small.publish(each, {.type = "x"});
    }
    small.publish("d", {.type = "x"});
    EXPECT_FALSE(small.find_channel("c")) << "said nothing for longest";
    EXPECT_TRUE(small.find_channel("b"));
    EXPECT_TRUE(small.find_channel("heard"));
    EXPECT_TRUE(small.subscribe("b", "1"));
    EXPECT_TRUE(small.subscribe("d", "1"));
    EXPECT_THROW(small.publish("e", {.type = "x"}), infra::error) << "all are heard";
    small.unsubscribe("b", "1");
    time.advance(1s);
    EXPECT_NO_THROW(small.publish("e", {.type = "x"}));
    EXPECT_FALSE(small.find_channel("b"));
}

// Which would cost a walk over all of them each time.
TEST(HubLimits, ThatMostChannelsAreHeardIsFoundOutOnceASecond) {
    manual_clock time;
    hub large({.channels = {{"*", {.history = {.size = 1}}}}, .limits = {.max_channels = 4'096}, .time = &time});
    large.register_client("1", std::make_shared<recording>());
    for (int i = 0; i < 4'096; ++i)
        large.subscribe(std::to_string(i), "1");
    large.unsubscribe("0", "1");
    EXPECT_NO_THROW(large.publish("new", {.type = "x"}));
    large.unsubscribe("1", "1");
    EXPECT_THROW(large.publish("newer", {.type = "x"}), infra::error);
    time.advance(1s);
    EXPECT_NO_THROW(large.publish("newer", {.type = "x"}));
}

TEST(HubOptions, ThatCannotBeAreRefusedByName) {
    const auto refused = [](hub_options o) {
        try {
            hub made(std::move(o));
            return std::string();
        } catch (const std::invalid_argument& e) {
            return std::string(e.what());
        }
    };
    const auto names = [&](hub_options o, const std::string& field) {
        return refused(std::move(o)).find(field) != std::string::npos;
    };
    EXPECT_TRUE(names({.limits = {.max_clients = 0}}, "max_clients"));
    EXPECT_TRUE(names({.limits = {.messages_per_second = 0.5}}, "messages_per_second"));
    EXPECT_TRUE(names({.limits = {.auth_time = 0ms}}, "auth_time"));
    EXPECT_TRUE(names({.channels = {{"a*b", {}}}}, "channels"));
    EXPECT_TRUE(names({.channels = {{"", {}}}}, "channels"));
    EXPECT_TRUE(names({.channels = {{"a", {.history = {.size = 100'001}}}}}, "history.size"));
    EXPECT_TRUE(names({.channels = {{"a", {.history = {.size = 1, .age = 0ms}}}}}, "history.age"));
    EXPECT_TRUE(names({.channels = {{"a", {.history = {.size = 1, .max_bytes = 0}}}}}, "history.max_bytes"));
    EXPECT_TRUE(names({.signing_keys = {"short"}}, "signing_keys"));
    EXPECT_TRUE(names({.presence = {.grace = -1ms}}, "grace"));
    EXPECT_EQ(refused({.channels = {{"*", {.history = {.size = 100'000}}}}}), "");
}

TEST_F(Hub, TellsOfClientsThatComeAndGo) {
    strings told;
    subject.on_connect([&](client_id who, close_code) { told.push_back("+" + who); });
    subject.on_disconnect([&](client_id who, close_code code) -> awaitable<void> {
        told.push_back("-" + who + " " + std::string(to_string(code)));
        co_return;
    });
    join("anna");
    const auto bert = join("bert");
    subject.subscribe("room", "bert");
    subject.remove_client("anna");
    bert->throws = true;
    subject.publish("room", {.type = "x"});
    loop.settle();
    EXPECT_EQ(told, (strings{"+anna", "+bert", "-anna normal", "-bert internal_error"}));
}

// --- life

TEST(HubLife, ClosesItsClientsWhenTheLastCopyGoes) {
    testing::test_loop loop;
    const auto alone = std::make_shared<recording>();
    const auto grouped = std::make_shared<recording>(std::make_shared<recording_group>(loop.get_executor()));
    {
        std::optional<hub> one;
        one.emplace();
        const auto other = *one;
        one->register_client("alone", alone);
        one->register_client("grouped", grouped);
        one.reset();
        EXPECT_FALSE(alone->closed);
    }
    EXPECT_EQ(alone->closed, close_code::going_away);
    loop.settle();
    EXPECT_EQ(grouped->closed, close_code::going_away);
}

TEST(HubLife, DoesNotMindALoopThatHasGone) {
    hub one;
    auto loop = std::make_unique<testing::test_loop>();
    const auto anna = std::make_shared<recording>(std::make_shared<recording_group>(loop->get_executor()));
    one.register_client("anna", anna);
    one.subscribe("room", "anna");
    loop.reset();
    one.publish("room", {.type = "x"});
    one.disconnect("anna");
    EXPECT_TRUE(anna->received.empty());
}

TEST(HubLife, StoppedTakesNobodyInAndTellsWhoIsLeftWhenToComeBack) {
    testing::test_loop loop;
    hub one({.on = loop.get_executor()});
    const auto anna = std::make_shared<recording>();
    one.register_client("anna", anna);
    const auto running = loop.spawn(one.run());
    loop.wait(one.stop());
    loop.until([&] { return running->done(); });
    EXPECT_EQ(running->what(), "");
    EXPECT_EQ(anna->closed, close_code::shutdown);
    EXPECT_LT(std::stoi(anna->why), 2'000);
    EXPECT_THROW(one.register_client("bert", std::make_shared<recording>()), infra::error);
    EXPECT_EQ(one.publish("room", {.type = "x"}).subscribers, 0u);
}

TEST(HubLife, LeavesNobodyInWhoComesWhileItIsStopped) {
    for (int round = 0; round < 20; ++round) {
        testing::test_loop loop;
        hub one({.on = loop.get_executor()});
        std::atomic<int> came{0};
        std::thread coming([&] {
            try {
                while (true)
                    one.register_client(std::to_string(++came), std::make_shared<recording>());
            } catch (const infra::error&) { // the hub has been stopped
            }
        });
        while (came < 10)
            std::this_thread::yield();
        loop.wait(one.stop());
        coming.join();
        EXPECT_TRUE(one.get_connected_clients().empty());
    }
}

TEST(HubLife, IsNotNeededByWhatIsAwaitedLater) {
    testing::test_loop loop;
    const auto copy = [kept = hub({.channels = {{"*", {.history = {.size = 1}}}}, .on = loop.get_executor()})] {
        return kept; // a temporary, as default_hub() gives
    };
    std::string heard;
    copy().on_message([&](client_id from, message m) { heard = from + " " + m.type; });
    loop.wait(copy().dispatch_message("anna", {.type = "said"}));
    EXPECT_EQ(heard, "anna said");
    EXPECT_EQ(loop.run(copy().request("nobody", {.type = "x"}))->code(), make_error_code(errc::no_client));
    EXPECT_EQ(loop.get(copy().publish_confirmed("room", {.type = "x"})).at.offset, 1u);
    EXPECT_EQ(loop.get(copy().history("room")).messages.size(), 1u);
    EXPECT_TRUE(loop.get(copy().presence("room")).empty());
    EXPECT_EQ(loop.get(copy().count_present("room")).users, 0u);
    loop.wait(copy().stop());
}

TEST(HubLife, OfTheDefaultOneBeginsAnewWhereItIsReplaced) {
    const auto anna = std::make_shared<recording>();
    set_default_hub(hub());
    register_client("anna", anna);
    EXPECT_EQ(get_client("anna"), anna);
    set_default_hub(hub());
    EXPECT_EQ(anna->closed, close_code::going_away);
    EXPECT_TRUE(get_connected_clients().empty());
}

} // namespace
} // namespace infra::realtime::tests

namespace infra::testing {
namespace {

background_subject make_hub(executor ex) {
    auto subject = std::make_shared<realtime::hub>(realtime::hub_options{
        .channels = {{"*", {.history = {.size = 10, .age = std::chrono::milliseconds(1)}}}}, .on = ex});
    return {.object = subject,
            .run = [h = subject.get()] { return h->run(); },
            .stop = [h = subject.get()](deadline d) { return h->stop(d); },
            .make_busy = [h = subject.get(), ex]() -> awaitable<void> {
                h->register_client("slow", std::make_shared<realtime::tests::recording>(
                                               std::make_shared<realtime::tests::recording_group>(ex)));
                h->subscribe("room", "slow");
                for (int i = 0; i < 100; ++i)
                    h->publish("room", {.type = "x"});
                co_return;
            }};
}

INSTANTIATE_TEST_SUITE_P(Hub, BackgroundConformance,
                         ::testing::Values(background_case{.name = "hub", .make = make_hub}), background_name);

} // namespace
} // namespace infra::testing
