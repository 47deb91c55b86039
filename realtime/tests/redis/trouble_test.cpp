// What befalls a Redis server and the links to it, and those who publish past us.

#include "realtime/src/redis/outgoing.hpp"
#include "realtime/src/redis/scripts.hpp"
#include "realtime/tests/redis/stage.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <stdexcept>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

class RedisBroker : public ::testing::Test {
protected:
    void SetUp() override {
        if (!infra::testing::redis_server::installed())
            GTEST_SKIP() << infra::testing::redis_server::how_to_install;
        stage.emplace(loop, options(), server_options());
    }
    void TearDown() override {
        for (const auto& each : nodes)
            if (each->running && !each->running->done())
                loop.wait(each->at->stop(deadline::after(1s)));
        for (const auto& each : nodes)
            loop.until([&] { return !each->running || each->running->done(); });
    }
    virtual redis_broker_options options() const { return impatient(); }
    virtual std::vector<std::string> server_options() const { return {}; }

    void start(std::size_t count) {
        for (std::size_t n = 0; n < count; ++n) {
            nodes.push_back(std::make_unique<test_node>(loop, stage->node(n)));
            nodes[n]->running = loop.spawn(nodes[n]->at->run(*nodes[n], rules), stops.emplace_back().slot());
        }
        for (const auto& each : nodes)
            loop.until([&] { return each->at->is_up(); });
    }
    broker& at(std::size_t n) { return *nodes[n]->at; }
    void want(std::size_t n, const std::string& channel) {
        at(n).want(channel);
        loop.get(at(n).history(channel, std::nullopt, 1));
        const auto name = "rt:{" + channel + "}";
        loop.until(
            [&] { return stage->ask<std::vector<redis::reply>>({"PUBSUB", "NUMSUB", name})[1].as_integer() > 0; });
    }
    void say(std::size_t n, json::value data, const std::string& channel) {
        ASSERT_TRUE(at(n).publish(channel, {.what = {.type = "said", .data = std::move(data)}}));
    }
    /// The numbers that a node has heard on a channel, in order.
    std::vector<int> numbers(std::size_t n) const {
        std::vector<int> out;
        for (const auto& each : nodes[n]->messages)
            out.push_back(static_cast<int>(each.what.data.to_number<std::int64_t>()));
        return out;
    }
    static std::vector<int> up_to(int last) {
        std::vector<int> out;
        for (int i = 1; i <= last; ++i)
            out.push_back(i);
        return out;
    }

    infra::testing::test_loop loop;
    std::optional<redis_stage> stage;
    std::vector<channel_rule> rules{{"room:*", {.history = {.size = 5}, .presence = true}},
                                    {"long:*", {.history = {.size = 5'000, .max_bytes = 16 << 20}}}};
    std::deque<asio::cancellation_signal> stops;
    std::vector<std::unique_ptr<test_node>> nodes;
};

TEST_F(RedisBroker, HearsWhatAnybodyPublishesByHand) {
    start(2);
    want(0, "room:1");
    want(1, "room:1");
    for (const auto* text : {"garbage", R"({"type":"welcome"})", R"({"data":1})"})
        stage->tell({"PUBLISH", "rt:{room:1}", text});
    EXPECT_EQ(stage->ask<int>({"PUBLISH", "rt:{room:1}", R"({"type":"said","data":{"text":"from node"}})"}), 2);
    for (const auto& each : nodes)
        EXPECT_EQ(each->heard(1), lines{R"(said {"text":"from node"})"});
    say(0, 1, "room:1");
    EXPECT_EQ(nodes[1]->heard(1), lines{"1 said 1"}) << "it has no place in the history";
}

TEST_F(RedisBroker, BeginsAnewAtAServerThatCameBackEmpty) {
    start(2);
    want(0, "room:1");
    want(1, "room:1");
    say(0, 1, "room:1");
    at(0).join("room:1", {.user = "anna", .connections = 1});
    nodes[0]->heard(2);
    nodes[1]->heard(2);
    stage->server.kill();
    loop.until([&] { return !at(0).is_up() && !at(1).is_up(); });
    EXPECT_FALSE(at(0).publish("room:1", {.what = {.type = "said"}}));
    stage->server.start();
    loop.until([&] { return at(0).is_up() && at(1).is_up(); });
    const auto heard = [&](std::size_t n, const char* line) { return std::ranges::count(nodes[n]->lines, line); };
    loop.until([&] { return heard(0, "gap 0") == 1 && heard(1, "gap 0") == 1; }); // the history is another
    loop.until([&] { return heard(1, "gap 1") == 1; });                           // what node 0 said alone
    loop.until([&] { return loop.get(at(1).count("room:1")).users == 1; });       // anna is there again
    nodes[1]->lines.clear();
    say(0, 2, "room:1");
    loop.until([&] { return !nodes[1]->lines.empty() && nodes[1]->lines.back() != "join anna"; });
    EXPECT_EQ(nodes[1]->lines.back(), "2 said 2") << "1 is the gap, so that who comes back hears of it";
}

// Which passes on what it need not keep, and refuses the rest.
TEST_F(RedisBroker, LosesNothingAtAServerThatLoadsItsData) {
    start(2);
    want(1, "long:1");
    want(1, "plain");
    say(0, 1, "long:1");
    loop.until([&] { return nodes[1]->messages.size() == 1; });
    stage->tell({"DEBUG", "POPULATE", 300, "key", 1000});
    stage->tell({"CONFIG", "SET", "key-load-delay", 10000, "loading-process-events-interval-bytes", 1024,
                 "rdbcompression", "no"});
    const redis::client loads({loop.get_executor()}, stage->server_only());
    const auto loaded = loop.spawn(loads.execute<void>({"DEBUG", "RELOAD"}, deadline::after(30s)));
    const auto is_loading = [&] {
        return stage->ask<std::string>({"INFO", "persistence"}).find("\nloading:1") != std::string::npos;
    };
    loop.until(is_loading);
    say(0, 2, "long:1");
    say(0, 100, "plain");
    say(0, 3, "long:1");
    loop.until([&] { return nodes[1]->messages.size() == 2; });
    EXPECT_TRUE(is_loading());
    stage->tell({"CONFIG", "SET", "key-load-delay", 0});
    loop.until([&] { return nodes[1]->messages.size() >= 4 && loaded->done(); });
    EXPECT_EQ(numbers(1), (std::vector<int>{1, 100, 2, 3}));
    EXPECT_TRUE(nodes[1]->gaps.empty());
}

TEST_F(RedisBroker, LosesNothingWhenItsSubscriptionIsKilled) {
    start(2);
    want(0, "long:1");
    for (int i = 1; i <= 1'000; ++i) {
        say(1, i, "long:1");
        if (i % 100 == 0) {
            stage->tell({"CLIENT", "KILL", "TYPE", "pubsub"});
            loop.settle();
        }
    }
    loop.until([&] { return nodes[0]->messages.size() >= 1'000; });
    EXPECT_EQ(numbers(0), up_to(1'000));
    EXPECT_TRUE(nodes[0]->gaps.empty());
}

TEST_F(RedisBroker, SaysNothingTwiceWhenItsPublishingIsKilled) {
    start(2);
    want(0, "long:1");
    for (int i = 1; i <= 1'000; ++i) {
        say(1, i, "long:1");
        if (i % 50 == 0) {
            loop.io.poll_one();
            stage->tell({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
            loop.until([&] { return at(1).is_up(); });
        }
    }
    loop.until([&] { return nodes[0]->messages.size() >= 1'000; });
    loop.settle();
    EXPECT_EQ(numbers(0), up_to(1'000));
}

// Of a hundred that are sent again each would read the stream, for longer than the link has patience.
TEST_F(RedisBroker, IsToldWhereAMessageSentAgainStandsIfItWaitsForThat) {
    const auto send = [&](int number, const char* waits) {
        return stage
            ->ask<std::vector<redis::reply>>(over_redis::scripts::publish.call(
                {"s", "m", "c"}, {R"({"type":"said"})", "100", "60000", "100000", "node", std::to_string(number), "-1",
                                  "PUBLISH", "epoch", "1000", "60000", waits}))
            .at(2)
            .as_integer();
    };
    for (int number = 1; number <= 3; ++number)
        EXPECT_EQ(send(number, "0"), number);
    EXPECT_EQ(send(2, "1"), 2);
    EXPECT_EQ(send(2, "0"), 0);
    EXPECT_EQ(send(3, "0"), 3) << "the last one is known";
    EXPECT_EQ(stage->ask<int>({"XLEN", "s"}), 3);
}

TEST_F(RedisBroker, GetsThroughALinkThatBreaksUnderMuchAtOnce) {
    start(2);
    want(1, "long:1");
    stage->links[0]->on_request = [](std::string bytes) -> std::optional<std::string> {
        return bytes.size() < 12'000 ? std::optional(std::move(bytes)) : std::nullopt;
    };
    for (int i = 1; i <= 60; ++i)
        say(0, i, "long:1");
    loop.until([&] { return nodes[1]->messages.size() >= 60; });
    EXPECT_EQ(numbers(1), up_to(60));
}

TEST_F(RedisBroker, ReadsWhatItMissedOverALinkThatBreaksUnderMuchAtOnce) {
    start(2);
    want(1, "long:1");
    stage->cut(1);
    loop.until([&] { return !at(1).is_up(); });
    for (int i = 1; i <= 500; ++i)
        say(0, i, "long:1");
    loop.get(at(0).publish_confirmed("long:1", {.what = {.type = "said", .data = 501}}));
    stage->links[1]->on_reply = [](std::string bytes) -> std::optional<std::string> {
        return bytes.size() < 16'000 ? std::optional(std::move(bytes)) : std::nullopt;
    };
    stage->mend(1);
    loop.until([&] { return nodes[1]->messages.size() >= 501; });
    EXPECT_EQ(numbers(1), up_to(501));
    EXPECT_TRUE(nodes[1]->gaps.empty());
}

TEST_F(RedisBroker, SendsAFewAtOnceWhereMessagesAreLarge) {
    start(2);
    want(1, "long:1");
    const std::string text(200'000, 'x');
    std::size_t most = 0, now = 0;
    stage->links[0]->on_request = [&](std::string bytes) {
        most = std::max(most, now += bytes.size());
        return std::optional(std::move(bytes));
    };
    stage->links[0]->on_reply = [&](std::string bytes) {
        now = 0;
        return std::optional(std::move(bytes));
    };
    for (int i = 1; i <= 40; ++i)
        at(0).publish("long:1", {.what = {.type = "said", .data = json::value(std::string_view(text))}});
    loop.until([&] { return nodes[1]->messages.size() >= 40; });
    EXPECT_LT(most, 2'000'000u) << "of eight million";
}

TEST_F(RedisBroker, ReadsAHistoryOnceForAllWhoAskMeanwhile) {
    start(1);
    want(0, "long:1");
    for (int i = 1; i <= 50; ++i)
        say(0, i, "long:1");
    loop.until([&] { return nodes[0]->messages.size() == 50; });
    const auto epoch = nodes[0]->positions.back().epoch;
    std::size_t questions = 0;
    stage->links[0]->on_request = [&](std::string bytes) {
        constexpr std::string_view stream = "{long:1}:s";
        for (auto at = bytes.find(stream); at != std::string::npos; at = bytes.find(stream, at + 1))
            ++questions;
        return std::optional(std::move(bytes));
    };
    std::vector<std::shared_ptr<infra::testing::outcome<missed>>> asked;
    for (std::uint64_t i = 0; i < 1'000; ++i)
        asked.push_back(loop.spawn(
            at(0).history("long:1", i % 2 ? std::optional(position{epoch, i % 50}) : std::nullopt, 1 + i % 60)));
    loop.until([&] { return std::ranges::all_of(asked, [](const auto& each) { return each->done(); }); });
    for (std::uint64_t i = 0; i < 1'000; ++i) {
        const auto& found = asked[i]->value.value();
        const auto limit = 1 + i % 60, behind = i % 2 ? 50 - i % 50 : 50;
        EXPECT_EQ(found.now, (position{epoch, 50}));
        EXPECT_EQ(found.complete, i % 2 == 0 || behind <= limit) << i;
        ASSERT_EQ(found.messages.size(), found.complete ? std::min(limit, behind) : 0) << i;
        for (std::size_t n = 0; n < found.messages.size(); ++n)
            EXPECT_EQ(found.messages[n].at.offset, 51 - found.messages.size() + n) << i;
    }
    EXPECT_GE(questions, 1u);
    EXPECT_LE(questions, 6u) << "of the newest, and from a place on: the first ones, and the others";
}

TEST_F(RedisBroker, FindsWhatWasPublishedBeforeItAskedThoughOthersHadAskedAlready) {
    start(2);
    for (std::uint64_t i = 1; i <= 50; ++i) {
        const auto others = loop.spawn(at(0).history("long:1", {}, 100));
        loop.io.poll_one();
        loop.get(at(1).publish_confirmed("long:1", {.what = {.type = "said"}}));
        EXPECT_EQ(loop.get(at(0).history("long:1", {}, 100)).now.offset, i);
        loop.until([&] { return others->done(); });
    }
}

TEST_F(RedisBroker, TellsAllWhoAskThatTheLinkIsBroken) {
    start(1);
    std::vector<std::shared_ptr<infra::testing::outcome<missed>>> asked;
    stage->cut(0);
    for (int i = 0; i < 10; ++i)
        asked.push_back(loop.spawn(at(0).history("long:" + std::to_string(i % 3), {}, 10)));
    loop.until([&] { return std::ranges::all_of(asked, [](const auto& each) { return each->done(); }); });
    for (const auto& each : asked)
        EXPECT_EQ(each->code(), infra::errc::unavailable) << each->what();
    stage->mend(0);
    loop.until([&] { return at(0).is_up(); });
    EXPECT_TRUE(loop.get(at(0).history("long:1", {}, 10)).complete);
}

TEST_F(RedisBroker, TellsAllWhoAskWhenItStops) {
    start(1);
    stage->links[0]->holds_reply = [](const std::string&) { return true; };
    const auto first = loop.spawn(at(0).history("long:1", {}, 10));
    loop.settle();
    const auto second = loop.spawn(at(0).history("long:1", {}, 10));
    loop.settle();
    EXPECT_FALSE(first->done() || second->done());
    loop.wait(at(0).stop(deadline::after(200ms)));
    loop.until([&] { return first->done() && second->done(); });
    EXPECT_EQ(first->code(), infra::errc::unavailable) << first->what();
    EXPECT_EQ(second->code(), infra::errc::unavailable) << second->what();
}

// Or a node that stops would close while it may have to be sent again.
TEST_F(RedisBroker, CountsWhatIsOnItsWayAmongWhatItHasToSend) {
    redis::proxy link(loop.get_executor(), stage->server.socket());
    over_redis::ground on(impatient({.url = "unix://" + link.to().socket_path}), real_clock());
    on.rules = rules;
    on.up = true;
    on.set_redis(std::make_shared<redis::client>(std::vector{loop.get_executor()}, on.server));
    loop.get(on.redis()->ping());
    link.holds_reply = [](const std::string&) { return true; };
    over_redis::outgoing subject(on);
    subject.begin(loop.get_executor());
    ASSERT_TRUE(subject.push({.channel = "long:1", .what = {.what = {.type = "said"}}}));
    EXPECT_EQ(subject.size(), 1u);
    const auto sending = loop.spawn(subject.send());
    loop.until([&] { return link.held() == 1; });
    EXPECT_EQ(subject.size(), 1u);
    link.let_go();
    loop.until([&] { return subject.size() == 0; });
    subject.finish();
    loop.until([&] { return sending->done(); });
    EXPECT_EQ(sending->what(), "");
    EXPECT_EQ(stage->ask<int>({"XLEN", "rt:{long:1}:s"}), 1);
}

TEST_F(RedisBroker, SendsWhatItHadTakenWhenTheLinkBrokeAndThenTellsOfTheRest) {
    start(2);
    want(1, "long:1");
    stage->cut(0);
    for (int i = 1; i <= 3; ++i)
        say(0, i, "long:1"); // it has not noticed yet
    loop.until([&] { return !at(0).is_up(); });
    EXPECT_FALSE(at(0).publish("long:1", {.what = {.type = "said"}}));
    stage->mend(0);
    loop.until([&] { return !nodes[1]->gaps.empty(); });
    loop.settle();
    EXPECT_EQ(numbers(1), up_to(3));
    EXPECT_EQ(nodes[1]->lines.back(), "long:1: gap 1");
}

TEST_F(RedisBroker, TellsOfAllThatAGapStoodForWhichWasLostOnItsWay) {
    start(2);
    at(1).want("tick:1");
    stage->cut(0);
    loop.until([&] { return !at(0).is_up(); });
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(at(0).publish("tick:1", {.what = {.type = "said"}}));
    bool lost = false;
    stage->links[0]->on_request = [&](std::string bytes) -> std::optional<std::string> {
        if (!lost && bytes.find(R"("type":"gap")") != std::string::npos) {
            lost = true;
            return std::nullopt;
        }
        return bytes;
    };
    stage->mend(0);
    loop.until([&] { return std::ranges::count(nodes[1]->lines, "tick:1: gap 3") == 1; });
    EXPECT_TRUE(lost);
}

TEST_F(RedisBroker, SaysNothingWhereItCouldNotTellTheOthersThatTheyMissIt) {
    start(1);
    stage->cut(0);
    loop.until([&] { return !at(0).is_up(); });
    const envelope said{.what = {.type = "said"}};
    for (int i = 0; i < 10'000; ++i)
        ASSERT_FALSE(at(0).publish("tick:" + std::to_string(i), said));
    EXPECT_FALSE(at(0).publish("tick:7", said)) << "it is among them";
    try {
        at(0).publish("tick:10000", said);
        FAIL() << "taken";
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), infra::errc::overloaded);
    }
}

TEST_F(RedisBroker, ReadsWhatDidNotFitIntoTheServersBuffer) {
    start(2);
    want(0, "long:1");
    stage->tell({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 20000 0 0"});
    const std::string padding(1'000, 'x');
    const auto connections = stage->links[0]->accepted();
    for (int i = 1; i <= 300; ++i)
        at(1).publish("long:1", {.what = {.type = "said", .data = i}, .key = padding});
    loop.until([&] { return nodes[0]->messages.size() >= 300; });
    EXPECT_EQ(numbers(0), up_to(300));
    EXPECT_TRUE(nodes[0]->gaps.empty());
    EXPECT_GT(stage->links[0]->accepted(), connections) << "the server has cut it off, and it has come back";
}

TEST_F(RedisBroker, FindsOutByItselfThatAMessageDidNotCome) {
    start(2);
    want(0, "long:1");
    bool swallowed = false;
    stage->links[0]->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        if (!swallowed && bytes.find("smessage") == std::string::npos && bytes.find("message") != std::string::npos) {
            swallowed = true;
            return std::string();
        }
        return bytes;
    };
    say(1, 1, "long:1");
    loop.until([&] { return nodes[0]->messages.size() == 1; });
    EXPECT_TRUE(swallowed);
    EXPECT_EQ(numbers(0), up_to(1));
}

TEST_F(RedisBroker, GoesOnFromWhereItWasInAChannelThatIsWantedAgain) {
    start(2);
    want(0, "long:1");
    auto& link = *stage->links[0];
    link.holds_reply = [](const std::string& bytes) { return bytes.find("rt:{long:2}") != std::string::npos; };
    at(0).want("long:2");
    loop.until([&] { return link.held() == 1; }); // nothing that is published comes either
    at(0).unwant("long:1");
    at(0).want("long:1");
    const auto history = loop.spawn(at(0).history("long:1", {}, 10));
    say(1, 1, "long:1");
    loop.until([&] { return history->done(); });
    const auto known = history->value->now.offset;
    loop.get(at(1).publish_confirmed("long:1", {.what = {.type = "said", .data = 2}}));
    link.let_go();
    loop.until([&] { return !nodes[0]->messages.empty() && nodes[0]->messages.back().at.offset == 2; });
    EXPECT_LE(known, 1u);
    EXPECT_EQ(numbers(0), up_to(2));
}

TEST_F(RedisBroker, DoesNotTakeNewMessagesOfAServerThatForgotForOldOnes) {
    start(2);
    want(0, "long:1");
    for (int i = 1; i <= 3; ++i)
        say(1, i, "long:1");
    nodes[0]->heard(3);
    // A replica became master that had not heard of 2 and 3 yet.
    stage->tell({"XTRIM", "rt:{long:1}:s", "MAXLEN", 0});
    stage->tell({"XSETID", "rt:{long:1}:s", "1-0"});
    stage->tell({"HSET", "rt:{long:1}:m", "o", 1});
    EXPECT_EQ(nodes[0]->heard(1), lines{"long:1: gap 0"});
    say(1, 22, "long:1");
    EXPECT_EQ(nodes[0]->heard(1), lines{"long:1: 2 said 22"});
}

// It lies in the stream until something is published, and may be a whole part of 500 that is read at once.
TEST_F(RedisBroker, TellsOfWhatIsTooOldAndNotOfWhatLiesBehindIt) {
    start(1);
    want(0, "long:1");
    constexpr int old = 510, all = 1'200;
    for (int i = 1; i <= all; ++i)
        stage->tell({"XADD", "rt:{long:1}:s", std::to_string(i) + "-0", "d",
                     R"({"type":"said","data":)" + std::to_string(i) + "}", "t", i <= old ? "1" : "99999999999999", "i",
                     "x " + std::to_string(i)});
    stage->tell({"HSET", "rt:{long:1}:m", "o", all}); // no word of them came
    loop.until([&] { return nodes[0]->messages.size() == all - old; });
    EXPECT_EQ(nodes[0]->lines[0], "long:1: gap 500");
    EXPECT_EQ(nodes[0]->lines[1], "long:1: gap 10");
    EXPECT_EQ(nodes[0]->gaps.size(), 2u);
    EXPECT_EQ(numbers(0).front(), old + 1);
    EXPECT_EQ(numbers(0).back(), all);
}

TEST_F(RedisBroker, NoticesAServerThatStandsStill) {
    start(2);
    want(1, "room:1");
    stage->server.pause();
    loop.until([&] { return !at(0).is_up(); });
    EXPECT_FALSE(at(0).publish("room:1", {.what = {.type = "said"}}));
    stage->server.proceed();
    loop.until([&] { return at(0).is_up() && at(1).is_up(); });
    loop.until([&] { return std::ranges::count(nodes[1]->lines, "gap 1") == 1; });
}

TEST_F(RedisBroker, AnnouncesOnceThatTheMembersOfADeadNodeHaveLeft) {
    start(3);
    for (std::size_t n = 0; n < 2; ++n)
        want(n, "room:1");
    for (std::size_t n = 0; n < 2; ++n)
        at(n).join("room:1", {.user = "user " + std::to_string(n), .connections = 1});
    at(2).join("room:1", {.user = "anna", .connections = 1});
    nodes[0]->heard(3);
    nodes[1]->heard(3);
    loop.cancel(stops[2]); // it says no more
    EXPECT_EQ(nodes[0]->heard(1), lines{"leave anna"});
    EXPECT_EQ(nodes[1]->heard(1), lines{"leave anna"});
    loop.settle();
    EXPECT_EQ(nodes[0]->lines, lines{});
    EXPECT_EQ(loop.get(at(0).count("room:1")), (presence_stats{.users = 2, .connections = 2}));
}

TEST_F(RedisBroker, LeavesNothingBehindForChannelsThatAreOver) {
    rules.front().options.history.age = 200ms;
    start(1);
    at(0).join("room:1", {.user = "anna", .connections = 1});
    say(0, 1, "room:1");
    loop.until([&] { return loop.get(at(0).count("room:1")).users == 1; });
    at(0).leave("room:1", "anna");
    loop.until([&] { return stage->ask<lines>({"KEYS", "*"}) == lines{"rt:{room:1}:m"}; });
    EXPECT_GT(stage->ask<std::int64_t>({"PTTL", "rt:{room:1}:m"}), 0);
}

TEST_F(RedisBroker, ForgetsWhatIsTooOldOrTooMuch) {
    rules = {{"short:*", {.history = {.size = 100, .age = 300ms}}},
             {"small:*", {.history = {.size = 100, .max_bytes = 499}}}};
    start(1);
    const auto put = [&](const std::string& channel, json::value data,
                         std::optional<std::chrono::milliseconds> ttl = {}) {
        return loop.get(
            at(0).publish_confirmed(channel, {.what = {.type = "said", .data = std::move(data)}, .ttl = ttl}));
    };
    const auto offsets = [&](const std::string& channel) {
        std::vector<std::uint64_t> out;
        for (const auto& each : loop.get(at(0).history(channel, {}, 100)).messages)
            out.push_back(each.at.offset);
        return out;
    };
    const std::string text(100, 'x');
    for (int i = 0; i < 10; ++i)
        put("small:1", json::value(std::string_view(text)));
    EXPECT_EQ(offsets("small:1").size(), 3u);
    EXPECT_LE(stage->ask<int>({"XLEN", "rt:{small:1}:s"}), 3);
    const auto first = put("short:1", "a");
    put("short:1", "b", 1ms);
    loop.until([&] { return offsets("short:1") == std::vector<std::uint64_t>{1}; });
    const auto rest = loop.get(at(0).history("short:1", first.at, 10));
    EXPECT_TRUE(rest.complete) << "what has expired by its own will is not missed";
    loop.until([&] { return offsets("short:1").empty(); });
    // And in the end the server forgets the channel, a moment after the last message was too old.
    loop.until([&] { return !loop.get(at(0).history("short:1", first.at, 10)).complete; });
}

class RedisBrokerWithLittleRoom : public RedisBroker {
    redis_broker_options options() const override { return impatient({.max_unsent = 10}); }
};

TEST_F(RedisBrokerWithLittleRoom, SaysNoWhenTooMuchWaits) {
    start(1);
    std::size_t taken = 0;
    for (int i = 0; i < 50; ++i)
        taken += at(0).publish("room:1", {.what = {.type = "said"}});
    EXPECT_EQ(taken, 10u);
    EXPECT_EQ(loop.run(at(0).publish_confirmed("room:1", {.what = {.type = "said"}}))->code(), infra::errc::overloaded);
    loop.until([&] { return at(0).publish("room:1", {.what = {.type = "said"}}); });
}

class RedisBrokerBeforeRedis7 : public RedisBroker {
    redis_broker_options options() const override {
        auto o = impatient();
        o.sharded = true;
        return o;
    }
    std::vector<std::string> server_options() const override {
        return {"--rename-command", "SPUBLISH", "", "--rename-command", "SSUBSCRIBE", ""};
    }
};

TEST_F(RedisBrokerBeforeRedis7, GoesWithoutShardsThatTheServerDoesNotKnow) {
    start(2);
    want(0, "room:1");
    want(1, "room:1");
    say(0, 1, "room:1");
    at(0).join("room:1", {.user = "anna", .connections = 1});
    for (const auto& each : nodes)
        EXPECT_EQ(each->heard(2), (lines{"1 said 1", "join anna"}));
    stage->tell({"PUBLISH", "rt:{room:1}", R"({"type":"shouted"})"});
    EXPECT_EQ(nodes[1]->heard(1), lines{"shouted"});
}

TEST_F(RedisBroker, CountsWhatBecomesOfMessagesAndHowItsLinkIs) {
    const infra::testing::captured_telemetry told("realtime_broker_");
    start(2);
    want(1, "long:1");
    const auto counted = [&](std::size_t n, const std::string& name, const std::string& more = {}) {
        return told.counted("realtime_broker_" + name + " broker=" + at(n).description() + more);
    };
    EXPECT_EQ(counted(0, "link"), 1);
    say(0, 1, "long:1");
    loop.until([&] { return counted(0, "published_total", " result=sent") == 1; });
    nodes[1]->heard(1);
    EXPECT_EQ(counted(1, "heard_total"), 1);
    EXPECT_EQ(counted(1, "read_total"), 0);
    stage->tell({"XADD", "rt:{long:1}:s", "2-0", "d", R"({"type":"said"})", "t", "99999999999999", "i", "x 1"});
    stage->tell({"HSET", "rt:{long:1}:m", "o", 2}); // the word of it did not come
    nodes[1]->heard(1);
    EXPECT_EQ(counted(1, "read_total"), 1);
    stage->links[0]->on_request = [](std::string bytes) -> std::optional<std::string> {
        return bytes.find("rt:{tick:1}") == std::string::npos ? std::optional(bytes) : std::nullopt;
    };
    say(0, 2, "tick:1");
    loop.until([&] { return counted(0, "published_total", " result=unknown") == 1; });
    stage->cut(0);
    loop.until([&] { return counted(0, "link") == 0; });
    EXPECT_FALSE(at(0).publish("long:1", {.what = {.type = "said", .data = 3}}));
    EXPECT_EQ(counted(0, "published_total", " result=local"), 1);
    stage->links[0]->on_request = nullptr;
    stage->mend(0);
    loop.until([&] { return counted(1, "gaps_total") == 1; });
    EXPECT_EQ(counted(0, "link"), 1);
    EXPECT_TRUE(told.series().contains("realtime_broker_unsent broker=" + at(0).description()));
}

TEST(RedisBrokerOptions, AreCheckedByName) {
    const auto why = [](redis_broker_options o) -> std::string {
        try {
            make_redis_broker(std::move(o));
            return "";
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
    };
    EXPECT_EQ(why({}), "");
    EXPECT_NE(why({.prefix = ""}).find("prefix"), std::string::npos);
    EXPECT_NE(why({.prefix = "a{b"}).find("prefix"), std::string::npos);
    EXPECT_NE(why({.max_unsent = 0}).find("max_unsent"), std::string::npos);
    EXPECT_NE(why({.presence_expiry = 1ms}).find("presence_expiry"), std::string::npos);
    EXPECT_NE(why({.check_every = 0ms}).find("check_every"), std::string::npos);
    EXPECT_THROW(make_redis_broker({.url = "redis://host:99999"}), infra::error);
}

TEST(RedisBrokerOptions, ShowNoPassword) {
    EXPECT_EQ(make_redis_broker({.url = "redis://anna:secret@10.0.0.5:6380"})->description().find("secret"),
              std::string::npos);
}

} // namespace
} // namespace infra::realtime
