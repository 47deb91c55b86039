#pragma once

// What every broker must do, as one GoogleTest suite: three nodes on one loop.
//
//     INSTANTIATE_TEST_SUITE_P(Redis, BrokerConformance, testing::Values(broker_case{"redis", make_my_medium}), broker_case_name);

#include "broker_stage.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace infra::realtime {

struct broker_case {
    std::string name;
    std::function<std::unique_ptr<broker_medium>(infra::testing::test_loop&)> make;
};

inline void PrintTo(const broker_case& each, std::ostream* to) { *to << each.name; }
inline std::string broker_case_name(const ::testing::TestParamInfo<broker_case>& info) { return info.param.name; }

class BrokerConformance : public ::testing::TestWithParam<broker_case> {
protected:
    using lines = std::vector<std::string>;

    void SetUp() override {
        medium = GetParam().make(loop);
        for (std::size_t n = 0; n < 3; ++n)
            nodes.push_back(std::make_unique<test_node>(loop, medium->node(n)));
    }
    void TearDown() override {
        for (const auto& each : nodes)
            if (each->running)
                loop.wait(each->at->stop(deadline::after(std::chrono::seconds(2))));
        for (const auto& each : nodes)
            if (each->running)
                loop.until([&] { return each->running->done(); });
    }

    void start(std::size_t count = 2) {
        for (std::size_t n = 0; n < count; ++n)
            nodes[n]->running = loop.spawn(nodes[n]->at->run(*nodes[n], rules));
        for (std::size_t n = 0; n < count; ++n)
            loop.until([&] { return nodes[n]->at->is_up(); });
    }
    broker& at(std::size_t n) { return *nodes[n]->at; }
    /// And returns once it is heard.
    void want(std::size_t n, const std::string& channel = "room:1") {
        at(n).want(channel);
        loop.get(at(n).history(channel, std::nullopt, 1));
        if (options_for(rules, channel).history.size == 0) // history() does not ask then
            loop.settle();
    }
    static envelope saying(json::value data, envelope e = {}) {
        e.what.type = "said";
        e.what.data = std::move(data);
        return e;
    }
    void say(std::size_t n, json::value data, const std::string& channel = "room:1") {
        EXPECT_TRUE(at(n).publish(channel, saying(std::move(data))));
    }
    placed say_and_wait(std::size_t n, json::value data, const std::string& channel = "room:1") {
        return loop.get(at(n).publish_confirmed(channel, saying(std::move(data))));
    }
    void cut(std::size_t n) {
        medium->cut(n);
        loop.until([&] { return medium->has_noticed(n, at(n)); });
        loop.until([&] { return !nodes[n]->links.empty() && !nodes[n]->links.back(); });
    }
    void mend(std::size_t n) {
        medium->mend(n);
        loop.until([&] { return at(n).is_up(); });
    }
    static lines texts(const missed& m) {
        lines out;
        for (const auto& each : m.messages)
            out.push_back(std::to_string(each.at.offset) + " " + json::to_text(each.what.data));
        return out;
    }

    infra::testing::test_loop loop;
    std::vector<channel_rule> rules{{"room:*", {.history = {.size = 5}, .presence = true}},
                                    {"long:*", {.history = {.size = 1000}}},
                                    {"tick:*", {}}};
    std::unique_ptr<broker_medium> medium;
    std::vector<std::unique_ptr<test_node>> nodes;
};

TEST_P(BrokerConformance, BringsWhatIsSaidToAllNodesThatWantIt) {
    start(3);
    want(0);
    want(1);
    say(0, "a");
    say(0, "b");
    const lines both{"1 said \"a\"", "2 said \"b\""};
    EXPECT_EQ(nodes[0]->heard(2), both);
    EXPECT_EQ(nodes[1]->heard(2), both);
    loop.settle();
    EXPECT_EQ(nodes[2]->lines, lines{}) << "this one has no subscribers";
}

TEST_P(BrokerConformance, CarriesWhatBelongsToAMessage) {
    start();
    want(1);
    at(0).publish("room:1", saying({{"text", "h\xc3\xa9\u0000\"x"}, {"n", 1}}, {.key = "k", .except = "client 7"}));
    nodes[1]->heard(1);
    const auto& e = nodes[1]->messages.front();
    EXPECT_EQ(e.what.data, (json::value{{"text", "h\xc3\xa9\u0000\"x"}, {"n", 1}}));
    EXPECT_EQ(e.key, "k");
    EXPECT_EQ(e.except, "client 7");
    EXPECT_EQ(e.at.offset, 1u);
    EXPECT_FALSE(e.at.epoch.empty());
}

TEST_P(BrokerConformance, GivesNoPlaceWhereNothingIsKept) {
    start();
    want(0, "tick:1");
    want(1, "tick:1");
    say(0, "a", "tick:1");
    EXPECT_EQ(nodes[1]->heard(1), lines{"tick:1: said \"a\""});
    EXPECT_EQ(say_and_wait(1, "b", "tick:1").at, position{});
    EXPECT_EQ(nodes[0]->heard(2).back(), "tick:1: said \"b\"");
    EXPECT_FALSE(loop.get(at(0).history("tick:1", position{"x", 1}, 10)).complete);
}

TEST_P(BrokerConformance, HasOneOrderForAll) {
    start(3);
    for (std::size_t n = 0; n < 3; ++n)
        want(n, "long:1");
    for (int i = 0; i < 100; ++i)
        for (std::size_t n = 0; n < 3; ++n)
            say(n, i, "long:1");
    const auto first = nodes[0]->heard(300);
    EXPECT_EQ(nodes[1]->heard(300), first);
    EXPECT_EQ(nodes[2]->heard(300), first);
    for (std::size_t i = 0; i < 300; ++i)
        ASSERT_EQ(nodes[0]->positions[i].offset, i + 1);
}

TEST_P(BrokerConformance, StopsBringingWhatIsNotWantedAnyMore) {
    start();
    want(0);
    want(0, "room:2");
    at(0).unwant("room:1");
    loop.settle();
    say(1, "a");
    say(1, "b", "room:2");
    EXPECT_EQ(nodes[0]->heard(1), lines{"room:2: 1 said \"b\""});
    want(0);
    say(1, "c");
    EXPECT_EQ(nodes[0]->heard(1), lines{"2 said \"c\""}) << "it begins where it is";
}

TEST_P(BrokerConformance, TellsWhereAConfirmedMessageStands) {
    start();
    const auto first = say_and_wait(0, "a");
    const auto second = say_and_wait(1, "b");
    EXPECT_EQ(first.at.offset, 1u);
    EXPECT_EQ(second.at.offset, 2u);
    EXPECT_EQ(first.at.epoch, second.at.epoch);
    EXPECT_FALSE(second.duplicate);
}

TEST_P(BrokerConformance, TakesAnIdempotencyKeyOnce) {
    start();
    want(0);
    want(0, "tick:1");
    for (const auto* channel : {"room:1", "tick:1"}) {
        const auto first = loop.get(at(0).publish_confirmed(channel, saying("a", {.idempotency_key = "k"})));
        const auto again = loop.get(at(1).publish_confirmed(channel, saying("b", {.idempotency_key = "k"})));
        EXPECT_FALSE(first.duplicate);
        EXPECT_TRUE(again.duplicate);
        EXPECT_EQ(again.at, first.at);
    }
    say(1, "c");
    EXPECT_EQ(nodes[0]->heard(3), (lines{"1 said \"a\"", "tick:1: said \"a\"", "2 said \"c\""}));
}

TEST_P(BrokerConformance, GivesAllThatWasMissedOrNothing) {
    start();
    for (int i = 1; i <= 7; ++i) // of which five are kept
        say_and_wait(0, i);
    const auto epoch = loop.get(at(1).history("room:1", {}, 1)).now.epoch;
    const auto since = [&](std::uint64_t offset, std::size_t limit = 10) {
        return loop.get(at(1).history("room:1", position{epoch, offset}, limit));
    };
    EXPECT_EQ(texts(since(2)), (lines{"3 3", "4 4", "5 5", "6 6", "7 7"}));
    EXPECT_EQ(since(2).now, (position{epoch, 7}));
    EXPECT_EQ(texts(since(5)), (lines{"6 6", "7 7"}));
    EXPECT_TRUE(since(7).complete);
    EXPECT_EQ(texts(since(7)), lines{});
    EXPECT_TRUE(since(2, 5).complete);
    for (const auto& none : {since(1), since(8), since(2, 4), since(std::uint64_t(-1)),
                             loop.get(at(1).history("room:1", position{"other", 5}, 10))}) {
        EXPECT_FALSE(none.complete);
        EXPECT_EQ(none.messages.size(), 0u);
        EXPECT_EQ(none.now, (position{epoch, 7}));
    }
    EXPECT_TRUE(since(7).complete) << "what clients ask for changes nothing";
}

TEST_P(BrokerConformance, GivesTheNewest) {
    start();
    EXPECT_EQ(texts(loop.get(at(0).history("room:1", {}, 3))), lines{});
    for (int i = 1; i <= 4; ++i)
        say_and_wait(0, i);
    const auto three = loop.get(at(1).history("room:1", {}, 3));
    EXPECT_TRUE(three.complete);
    EXPECT_EQ(texts(three), (lines{"2 2", "3 3", "4 4"}));
    EXPECT_EQ(texts(loop.get(at(1).history("room:1", {}, 100))), (lines{"1 1", "2 2", "3 3", "4 4"}));
}

TEST_P(BrokerConformance, JoinsHistoryAndWhatIsHeardWithoutASeam) {
    start();
    for (int round = 0; round < 10; ++round) {
        const auto channel = "long:" + std::to_string(round);
        for (int i = 0; i < 40; ++i)
            say(0, i, channel);
        at(1).want(channel);
        auto asked = loop.spawn(at(1).history(channel, {}, 1000));
        for (int i = 40; i < 80; ++i)
            say(0, i, channel);
        loop.until([&] { return asked->done(); });
        ASSERT_FALSE(asked->failure) << asked->what();
        std::set<std::uint64_t> offsets;
        for (const auto& each : asked->value->messages)
            offsets.insert(each.at.offset);
        loop.until([&] {
            for (const auto& each : nodes[1]->positions)
                offsets.insert(each.offset);
            return offsets.size() == 80;
        });
        nodes[1]->positions.clear();
        loop.settle();
    }
}

// --- Who is there --------------------------------------------------------------------------------------------------------

TEST_P(BrokerConformance, TellsWhoComesAndGoesOnceForAllNodes) {
    start(3);
    want(0);
    want(1);
    const member anna{.user = "anna", .info = "desk", .connections = 1, .since = from_unix_ms(2'000)};
    const member phone{.user = "anna", .info = "phone", .connections = 2, .since = from_unix_ms(1'000)};
    at(0).join("room:1", anna);
    EXPECT_EQ(nodes[0]->heard(1), lines{"join anna"});
    EXPECT_EQ(nodes[1]->heard(1), lines{"join anna"});
    at(2).join("room:1", phone);
    loop.until([&] { return loop.get(at(0).count("room:1")).connections == 3; });
    const auto there = loop.get(at(1).presence("room:1", 10));
    ASSERT_EQ(there.size(), 1u);
    EXPECT_EQ(there.front().connections, 3u);
    EXPECT_EQ(there.front().since, from_unix_ms(1'000));
    at(0).leave("room:1", "anna");
    loop.until([&] { return loop.get(at(0).count("room:1")).connections == 2; });
    EXPECT_EQ(loop.get(at(1).presence("room:1", 10)).front().info, "phone");
    at(2).leave("room:1", "anna");
    EXPECT_EQ(nodes[0]->heard(1), lines{"leave anna"});
    EXPECT_EQ(nodes[1]->heard(1), lines{"leave anna"});
    EXPECT_EQ(loop.get(at(1).count("room:1")), presence_stats{});
}

TEST_P(BrokerConformance, ShowsTheFirstMembersAndCountsAll) {
    start();
    for (const auto* user : {"e", "c", "a", "b", "d"})
        at(0).join("room:1", {.user = user, .connections = 1});
    loop.until([&] { return loop.get(at(1).count("room:1")) == presence_stats{.users = 5, .connections = 5}; });
    lines users;
    for (const auto& each : loop.get(at(1).presence("room:1", 3)))
        users.push_back(each.user);
    EXPECT_EQ(users, (lines{"a", "b", "c"}));
}

TEST_P(BrokerConformance, TakesMembersAwayWithTheirNode) {
    start(3);
    want(1);
    at(2).join("room:1", {.user = "anna", .connections = 1});
    at(0).join("room:1", {.user = "ben", .connections = 1});
    nodes[1]->heard(2);
    loop.wait(at(2).stop(deadline::after(std::chrono::seconds(2))));
    EXPECT_EQ(nodes[1]->heard(1), lines{"leave anna"});
    EXPECT_EQ(loop.get(at(1).count("room:1")), (presence_stats{.users = 1, .connections = 1}));
}

TEST_P(BrokerConformance, DisconnectsAUserEverywhere) {
    start();
    loop.wait(at(0).disconnect_everywhere({"anna", close_code::forbidden, "1"}));
    EXPECT_EQ(nodes[0]->heard(1), lines{"disconnect anna forbidden"});
    EXPECT_EQ(nodes[1]->heard(1), lines{"disconnect anna forbidden"});
}

TEST_P(BrokerConformance, DisconnectsAUserOnANodeThatCouldNotHearOfItOnceItCan) {
    start();
    cut(1);
    loop.wait(at(0).disconnect_everywhere({"anna", close_code::forbidden, "1"}));
    mend(1);
    EXPECT_EQ(nodes[1]->heard(1), lines{"disconnect anna forbidden"});
    nodes[2]->running = loop.spawn(at(2).run(*nodes[2], rules));
    loop.until([&] { return at(2).is_up(); });
    cut(2);
    mend(2);
    loop.wait(at(0).disconnect_everywhere({"ben", close_code::forbidden, "2"}));
    EXPECT_EQ(nodes[2]->heard(1), lines{"disconnect ben forbidden"}) << "of what was before it came it has no need";
    for (const auto* each : {nodes[0].get(), nodes[1].get(), nodes[2].get()})
        EXPECT_EQ(each->obeyed.contains("1"), each != nodes[2].get());
}

// --- When the link breaks ------------------------------------------------------------------------------------------------

TEST_P(BrokerConformance, SaysNoWithoutALink) {
    EXPECT_FALSE(at(0).is_up());
    EXPECT_FALSE(at(0).publish("room:1", saying("too early")));
    start();
    cut(0);
    EXPECT_FALSE(at(0).publish("room:1", saying("cut off")));
    EXPECT_EQ(loop.run(at(0).publish_confirmed("room:1", saying("x")))->code(), infra::errc::unavailable);
    EXPECT_EQ(loop.run(at(0).history("room:1", {}, 1))->code(), infra::errc::unavailable);
    EXPECT_EQ(loop.run(at(0).presence("room:1", 1))->code(), infra::errc::unavailable);
    EXPECT_EQ(loop.run(at(0).disconnect_everywhere({"anna", close_code::forbidden, "1"}))->code(),
              infra::errc::unavailable);
    EXPECT_TRUE(at(1).publish("room:1", saying("the other one is not")));
    mend(0);
    loop.until([&] { return nodes[0]->links.size() == 3; });
    EXPECT_EQ(nodes[0]->links, (std::vector<bool>{true, false, true}));
}

TEST_P(BrokerConformance, BringsWhatWasMissedInOrderAndOnce) {
    start();
    want(0);
    say(1, 1);
    nodes[0]->heard(1);
    cut(0);
    say_and_wait(1, 2);
    say_and_wait(1, 3);
    mend(0);
    say_and_wait(1, 4);
    EXPECT_EQ(nodes[0]->heard(3), (lines{"2 said 2", "3 said 3", "4 said 4"}));
    loop.settle();
    EXPECT_EQ(nodes[0]->lines, lines{});
}

TEST_P(BrokerConformance, TellsHowManyCannotBeHad) {
    start();
    want(0);
    say(1, 1);
    nodes[0]->heard(1);
    cut(0);
    for (int i = 2; i <= 9; ++i) // five are kept: 5 to 9
        say_and_wait(1, i);
    mend(0);
    EXPECT_EQ(nodes[0]->heard(6), (lines{"gap 3", "5 said 5", "6 said 6", "7 said 7", "8 said 8", "9 said 9"}));
    EXPECT_EQ(nodes[0]->gaps.front().offset, 4u);
}

TEST_P(BrokerConformance, TellsThatSomethingMayBeMissingWhereNothingIsKept) {
    start();
    want(0, "tick:1");
    cut(0);
    say(1, 1, "tick:1");
    mend(0);
    EXPECT_EQ(nodes[0]->heard(1), lines{"tick:1: gap 0"});
    say(1, 2, "tick:1");
    EXPECT_EQ(nodes[0]->heard(1), lines{"tick:1: said 2"});
}

TEST_P(BrokerConformance, TellsTheOthersWhatTheyDidNotGet) {
    start();
    want(0);
    want(1);
    cut(0);
    EXPECT_FALSE(at(0).publish("room:1", saying("here alone")));
    EXPECT_FALSE(at(0).publish("room:1", saying("here alone")));
    mend(0);
    EXPECT_EQ(nodes[1]->heard(1), lines{"gap 2"});
    say(1, "b");
    const auto last = nodes[0]->heard(1).back();
    EXPECT_NE(last.find("said \"b\""), std::string::npos) << last;
}

TEST_P(BrokerConformance, TellsThatAHistoryIsLost) {
    start();
    want(0);
    for (int i = 0; i < 3; ++i)
        say(0, i);
    nodes[0]->heard(3);
    const auto before = nodes[0]->positions.back();
    cut(0);
    cut(1);
    medium->forget_all();
    mend(1);
    say_and_wait(1, "new");
    mend(0);
    EXPECT_EQ(nodes[0]->heard(2), (lines{"gap 0", "1 said \"new\""}));
    EXPECT_NE(nodes[0]->gaps.front().epoch, before.epoch);
    EXPECT_FALSE(loop.get(at(0).history("room:1", before, 10)).complete);
}

TEST_P(BrokerConformance, KeepsMembersThroughALostLink) {
    start();
    want(1);
    at(0).join("room:1", {.user = "anna", .connections = 1});
    nodes[1]->heard(1);
    cut(0);
    at(0).join("room:1", {.user = "ben", .connections = 1});
    at(0).leave("room:1", "anna");
    mend(0);
    auto told = nodes[1]->heard(2);
    std::ranges::sort(told);
    EXPECT_EQ(told, (lines{"join ben", "leave anna"}));
}

// --- The end -------------------------------------------------------------------------------------------------------------

TEST_P(BrokerConformance, SendsWhatIsQueuedBeforeItStops) {
    start();
    want(1, "long:1");
    for (int i = 0; i < 500; ++i)
        say(0, i, "long:1");
    loop.wait(at(0).stop(deadline::after(std::chrono::seconds(5))));
    loop.until([&] { return nodes[0]->running->done(); });
    EXPECT_EQ(nodes[0]->running->what(), "");
    EXPECT_EQ(nodes[1]->heard(500).size(), 500u);
    EXPECT_FALSE(at(0).publish("long:1", saying("late")));
    loop.wait(at(0).stop(deadline::after(std::chrono::seconds(5))));
}

TEST_P(BrokerConformance, DoesNotRunOnceItIsStopped) {
    loop.wait(at(0).stop(deadline::after(std::chrono::seconds(5))));
    loop.wait(at(0).run(*nodes[0], rules));
    EXPECT_FALSE(at(0).is_up());
    EXPECT_EQ(nodes[0]->links, std::vector<bool>{});
}

TEST_P(BrokerConformance, StopsInTimeWithoutALink) {
    start();
    at(0).join("room:1", {.user = "anna", .connections = 1});
    cut(0);
    at(0).publish("room:1", saying("too late"));
    loop.wait(at(0).stop(deadline::after(std::chrono::milliseconds(100))));
    loop.until([&] { return nodes[0]->running->done(); });
    EXPECT_EQ(nodes[0]->running->what(), "");
}

TEST_P(BrokerConformance, EndsWhenCancelled) {
    asio::cancellation_signal stop;
    nodes[0]->running = loop.spawn(at(0).run(*nodes[0], rules), stop.slot());
    loop.until([&] { return at(0).is_up(); });
    want(0);
    loop.cancel(stop);
    loop.until([&] { return nodes[0]->running->done(); });
    EXPECT_FALSE(at(0).is_up());
}

} // namespace infra::realtime
