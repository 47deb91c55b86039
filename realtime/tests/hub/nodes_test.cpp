#include "../../src/hub/hub_state.hpp"
#include "../joined_brokers.hpp"
#include "recording.hpp"

#include <infra/realtime/outbox.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

// A hub's side of a broker. What brokers do is in joined_brokers_test.cpp and the tests of theirs.

namespace infra::realtime::tests {
namespace {

/// Two nodes; a client on each.
class HubNodes : public ::testing::Test {
protected:
    struct node {
        std::shared_ptr<detail::hub_state> state;
        std::shared_ptr<infra::testing::outcome<bool>> running;
    };

    node make() {
        node made{std::make_shared<detail::hub_state>(hub_options{
                      .channels = {{"kept", {.history = {.size = 3}}},
                                   {"large", {.history = {.size = 3, .max_bytes = 100}}},
                                   {"newest", {.history = {.size = 3}, .on_overflow = overflow::drop_newest}}},
                      .broker = between.node(),
                      .on = loop.get_executor()}),
                  nullptr};
        made.running = loop.spawn(detail::hub_state::run(made.state, made.state->living));
        loop.until([&] { return made.state->options.broker->is_up(); });
        return made;
    }
    void TearDown() override {
        for (const auto* each : {&one, &two}) {
            loop.wait(detail::hub_state::stop(each->state, deadline::after(std::chrono::seconds(5))));
            loop.until([&] { return each->running->done(); });
            EXPECT_EQ(each->running->what(), "");
        }
    }
    std::shared_ptr<detail::client> join(const node& at, const std::string& id, std::shared_ptr<recording> socket) {
        auto who = std::make_shared<detail::client>();
        who->id = id;
        who->socket = std::move(socket);
        EXPECT_EQ(at.state->admit(who), std::nullopt);
        return who;
    }
    void publish(const node& at, std::string_view channel, const std::string& types, const publish_options& how = {}) {
        for (const char type : types)
            at.state->publish(channel, {.type = std::string(1, type)}, how);
        loop.settle();
    }
    static std::string said(const recording& by) {
        std::string types;
        for (const auto& each : by.received)
            if (each.front() != '{')
                types += "[" + each + "]";
            else {
                const auto read = json::parse(each).value().as_object();
                const std::string type(read.at("type").as_string());
                types += type == "gap" ? " gap " : type;
            }
        return types;
    }
    detail::subscribe_answer answer = [](const position& now, std::optional<bool> recovered, const channel_facts&) {
        return frame("at " + std::to_string(now.offset) + (recovered ? *recovered ? " recovered" : " lost" : ""), {});
    };
    std::optional<detail::attached> subscribe(const node& at, const std::shared_ptr<detail::client>& who,
                                              std::string channel, std::optional<position> since = {}) {
        const auto held = loop.get(detail::broker_side::warm(at.state, channel));
        return at.state->attach(who, channel, since, answer);
    }

    infra::testing::test_loop loop;
    joined_brokers between;
    node one = make(), two = make();
    std::shared_ptr<recording> anna = std::make_shared<recording>(), bert = std::make_shared<recording>();
    std::shared_ptr<detail::client> on_one = join(one, "anna", anna), on_two = join(two, "bert", bert);
};

TEST_F(HubNodes, HearWhatIsPublishedOnAnyInOneOrder) {
    one.state->attach(on_one, "room");
    two.state->attach(on_two, "room");
    loop.settle();
    publish(one, "room", "12");
    publish(two, "room", "3");
    EXPECT_EQ(said(*anna), "123");
    EXPECT_EQ(said(*bert), "123");
    publish(two, "room", "4", {.except = "anna"});
    EXPECT_EQ(said(*anna), "123");
    EXPECT_EQ(said(*bert), "1234");
}

TEST_F(HubNodes, HearNothingOfAChannelThatTheyHaveLeft) {
    one.state->attach(on_one, "room");
    loop.settle();
    one.state->detach(on_one, "room");
    publish(two, "room", "1");
    EXPECT_EQ(said(*anna), "");
    EXPECT_EQ(one.state->rooms.find("room"), nullptr);
}

TEST_F(HubNodes, GiveWhatWasMissedToAClientThatComesBackOnAnother) {
    const auto first = subscribe(one, on_one, "kept");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->now.offset, 0u);
    publish(two, "kept", "123");
    EXPECT_EQ(said(*anna), "[at 0]123");
    one.state->remove(on_one, close_code::abnormal);
    publish(one, "kept", "4");
    const auto back = std::make_shared<recording>();
    subscribe(two, join(two, "back", back), "kept", position{first->now.epoch, 2});
    publish(one, "kept", "5");
    EXPECT_EQ(said(*back), "[at 4 recovered]345");
    const auto late = std::make_shared<recording>();
    subscribe(two, join(two, "late", late), "kept", position{first->now.epoch, 1});
    EXPECT_EQ(said(*late), "[at 5 lost]");
}

TEST_F(HubNodes, AskWhereAChannelIsThoughOneOfItsMessagesCameAfterItWasLeft) {
    const auto first = subscribe(one, on_one, "kept");
    two.state->publish("kept", {.type = "1"}, {}); // on its way
    one.state->detach(on_one, "kept");
    loop.settle();
    publish(two, "kept", "2");
    subscribe(one, on_one, "kept", position{first->now.epoch, 0});
    publish(two, "kept", "3");
    EXPECT_EQ(said(*anna), "[at 0][at 2 recovered]123");
}

TEST_F(HubNodes, AskOnceForAllWhoWaitForAChannel) {
    publish(one, "kept", "12");
    const auto held = loop.spawn([](std::shared_ptr<detail::hub_state> of) -> awaitable<void> {
        const auto first = co_await detail::broker_side::warm(of, "kept");
        const auto second = co_await detail::broker_side::warm(of, "kept");
        EXPECT_TRUE(of->others->is_warm("kept"));
    }(two.state));
    loop.until([&] { return held->done(); });
    EXPECT_EQ(held->what(), "");
    EXPECT_FALSE(two.state->others->is_warm("kept")) << "nobody holds it any longer, nor hears it";
}

TEST_F(HubNodes, KeepWhatWasKeptElsewhereBeforeNoLongerForThat) {
    using namespace std::chrono_literals;
    manual_clock time;
    const auto late =
        std::make_shared<detail::hub_state>(hub_options{.channels = {{"kept", {.history = {.size = 9, .age = 60s}}}},
                                                        .broker = between.node(),
                                                        .on = loop.get_executor(),
                                                        .time = &time});
    const auto at = [](std::uint64_t offset, std::chrono::milliseconds age,
                       std::optional<std::chrono::milliseconds> ttl) {
        return envelope{.what = {.type = "m"}, .at = {"e", offset}, .ttl = ttl, .age = age};
    };
    late->remember("kept",
                   {.complete = true, .messages = {at(1, 50s, {}), at(2, 10s, 15s), at(3, 10s, {})}, .now = {"e", 3}});
    const auto there = [&](std::optional<position> since = {}) {
        const auto found = late->remembered_of("kept", since, 9);
        return found.complete ? static_cast<int>(found.messages.size()) : -1;
    };
    EXPECT_EQ(there(), 3);
    time.advance(5s);
    EXPECT_EQ(there(), 2);
    EXPECT_EQ(there(position{"e", 0}), 2) << "what has expired by its own will is not missed";
    time.advance(5s);
    EXPECT_EQ(there(), 1);
    EXPECT_EQ(there(position{"e", 0}), -1) << "the first is missed";
    EXPECT_EQ(there(position{"e", 1}), 1);
}

TEST_F(HubNodes, TellASubscriberFromMemoryWhatTheBrokerWouldTell) {
    publish(one, "kept", "12");
    const auto epoch = subscribe(one, on_one, "kept")->now.epoch;
    /// How many messages; -1 for word that they cannot be had, `ask` where the broker has to be asked.
    constexpr int ask = -2;
    const auto told = [&](const node& at, const std::shared_ptr<detail::client>& who, std::optional<position> since,
                          std::size_t limit = 10) {
        const auto found = at.state->remembered_for(*who, "kept", since, limit);
        return !found ? ask : found->complete ? static_cast<int>(found->messages.size()) : -1;
    };
    EXPECT_EQ(told(one, on_one, {}), 2);
    EXPECT_EQ(told(one, on_one, {}, 1), 1);
    EXPECT_EQ(told(one, on_one, position{epoch, 0}), 2);
    EXPECT_EQ(told(one, on_one, position{epoch, 0}, 1), -1) << "more than it may have";
    EXPECT_EQ(told(one, on_one, position{epoch, 3}), ask) << "it may have heard that on another node";
    EXPECT_EQ(told(one, on_one, position{"other", 1}), ask) << "an epoch that may be a newer one";
    EXPECT_EQ(told(two, on_two, {}), ask) << "who is not subscribed does not hear what is not in it yet";
    publish(two, "kept", "345");
    EXPECT_EQ(told(one, on_one, {}), 3);
    EXPECT_EQ(told(one, on_one, position{epoch, 2}), 3);
    EXPECT_EQ(told(one, on_one, position{epoch, 1}), -1) << "the broker has no more either";
    between.cut(*one.state->options.broker);
    EXPECT_EQ(told(one, on_one, {}), ask) << "which says that it cannot be known";
    publish(one, "kept", "a");
    between.mend(*one.state->options.broker);
    EXPECT_EQ(told(one, on_one, {}), ask) << "what was said here alone has no place yet";
}

TEST_F(HubNodes, AskTheBrokerForWhatLiesBehindAGap) {
    const auto epoch = subscribe(one, on_one, "kept")->now.epoch;
    one.state->heard_gap("kept", 1, {epoch, 9});
    one.state->heard("kept", {.what = {.type = "m"}, .at = {epoch, 10}});
    const auto told = [&](std::optional<position> since, std::size_t limit) {
        const auto found = one.state->remembered_for(*on_one, "kept", since, limit);
        return found ? static_cast<int>(found->messages.size()) : -2;
    };
    EXPECT_EQ(told({}, 1), 1);
    EXPECT_EQ(told({}, 2), -2) << "it may have what was missed here";
    EXPECT_EQ(told(position{epoch, 9}, 2), 1);
    EXPECT_EQ(told(position{epoch, 8}, 2), -2);
}

TEST_F(HubNodes, AskTheBrokerForWhatWasDroppedForItsBytesHereAlone) {
    const auto epoch = subscribe(one, on_one, "large")->now.epoch;
    publish(two, "large", "123"); // 43 bytes each here; the broker counts less
    subscribe(two, on_two, "large");
    for (const auto& [at, who] : {std::pair(one, on_one), std::pair(two, on_two)}) {
        const auto told = [&](std::optional<position> since, std::size_t limit) {
            const auto found = at.state->remembered_for(*who, "large", since, limit);
            return found ? static_cast<int>(found->messages.size()) : -2;
        };
        EXPECT_EQ(told({}, 3), -2);
        EXPECT_EQ(told({}, 2), 2);
        EXPECT_EQ(told(position{epoch, 0}, 3), -2);
        EXPECT_EQ(told(position{epoch, 1}, 3), 2);
    }
}

TEST_F(HubNodes, AskTheBrokerForWhatWasConfirmedAndHasNotBeenHeardYet) {
    subscribe(one, on_one, "kept");
    publish(one, "kept", "1");
    const auto told = [&] {
        const auto found = one.state->remembered_for(*on_one, "kept", {}, 10);
        return found ? static_cast<int>(found->messages.size()) : -2;
    };
    EXPECT_EQ(told(), 1);
    const auto send = [&]() -> awaitable<void> {
        const auto done =
            co_await detail::hub_state::publish_confirmed(one.state, "kept", {.type = "2"}, {.except = "anna"});
        EXPECT_EQ(done.at.offset, 2u);
        EXPECT_EQ(told(), -2) << "it is on its way";
    };
    loop.wait(send());
    loop.settle();
    EXPECT_EQ(told(), 2);
    EXPECT_EQ(said(*anna), "[at 0]1") << "it is not for its sender";
}

TEST_F(HubNodes, DeliverHereWhatCannotGoThereAndTellWhatWasMissed) {
    subscribe(one, on_one, "kept");
    subscribe(two, on_two, "kept");
    publish(one, "kept", "1");
    between.cut(*one.state->options.broker);
    loop.settle();
    publish(one, "kept", "a");
    publish(two, "kept", "2");
    EXPECT_EQ(said(*anna), "[at 0]1a");
    EXPECT_EQ(anna->offsets, (std::vector<std::uint64_t>{0, 1, 0}));
    between.mend(*one.state->options.broker);
    loop.settle();
    EXPECT_EQ(said(*anna), "[at 0]1a2");
    EXPECT_EQ(said(*bert), "[at 0]12 gap ") << "of what stayed on the other node";
    publish(two, "kept", "3");
    EXPECT_EQ(anna->offsets.back(), 3u);
    EXPECT_EQ(bert->offsets.back(), 3u);
}

TEST_F(HubNodes, FollowAChannelWhoseHistoryWasLost) {
    const auto first = subscribe(one, on_one, "kept");
    publish(one, "kept", "12");
    between.cut(*one.state->options.broker);
    between.forget_all();
    publish(two, "kept", "3");
    between.mend(*one.state->options.broker);
    loop.settle();
    publish(two, "kept", "4");
    EXPECT_EQ(said(*anna), "[at 0]12 gap 34");
    EXPECT_NE(one.state->rooms.find("kept")->facts()->epoch, first->now.epoch);
    const auto late = std::make_shared<recording>();
    subscribe(one, join(one, "late", late), "kept", position{first->now.epoch, 2});
    EXPECT_EQ(said(*late), "[at 2 lost]");
}

TEST_F(HubNodes, LetClientsInWhileTheStoreIsOutOfReach) {
    between.cut(*one.state->options.broker);
    loop.settle();
    subscribe(one, on_one, "kept", position{"epoch", 4});
    publish(one, "kept", "a");
    EXPECT_EQ(said(*anna), "[at 0 lost]a");
}

TEST_F(HubNodes, DoubtThePlaceThatALateMessageLeft) {
    subscribe(one, on_one, "kept");
    two.state->publish("kept", {.type = "1"}, {}); // on its way
    one.state->detach(on_one, "kept");
    loop.settle();
    between.cut(*one.state->options.broker);
    publish(two, "kept", "2");
    subscribe(one, on_one, "kept");
    between.mend(*one.state->options.broker);
    publish(two, "kept", "3");
    EXPECT_EQ(said(*anna), "[at 0][at 1] gap 3");
}

/// What a broker remembers of a channel: seven were said where nobody could hear them, and then one.
missed seven_missing_then_one() {
    return {.complete = true,
            .messages = {{.what = {.type = "gap", .data = {{"dropped", 7}}}, .at = {"e", 4}},
                         {.what = {.type = "5"}, .at = {"e", 5}}},
            .now = {"e", 5}};
}

TEST_F(HubNodes, NeverDropAGapThatStandsInTheHistory) {
    struct narrow final : connection {
        void send(const frame& f) override { waiting.push(f); }
        void close(close_code, std::string_view) override {}
        outbox waiting{{.max_bytes = 1}};
    };
    between.cut(*one.state->options.broker);
    loop.settle();
    one.state->remember("newest", seven_missing_then_one());
    const auto socket = std::make_shared<narrow>();
    auto who = std::make_shared<detail::client>();
    who->socket = socket;
    ASSERT_EQ(one.state->admit(who), std::nullopt);
    one.state->attach(who, "newest", position{"e", 3}, answer);
    strings received;
    while (!socket->waiting.empty())
        received.emplace_back(socket->waiting.take().text());
    EXPECT_EQ(received,
              (strings{"at 5 recovered", R"({"type":"gap","channel":"newest","offset":4,"data":{"dropped":7}})",
                       R"({"type":"gap","channel":"newest","data":{"dropped":1,"offset":5}})"}))
        << "one was dropped, and not the gap as another";
}

TEST_F(HubNodes, DoNotGoBackToAGapThatTheHistoryHasBroughtAlready) {
    one.state->remember("kept", seven_missing_then_one());
    one.state->attach(on_one, "kept", {}, answer);
    const auto listener = detail::make_listener(one.state);
    for (const auto& tell_again : {&broker_listener::gap, &broker_listener::passed})
        (listener.get()->*tell_again)("kept", 7, {"e", 4});
    listener->published("kept", {.what = {.type = "5"}, .at = {"e", 5}});
    listener->published("kept", {.what = {.type = "6"}, .at = {"e", 6}});
    EXPECT_EQ(said(*anna), "[at 5]6");
}

TEST_F(HubNodes, TellOfAGapWhomTheServerBroughtInBeforeAnybodyKnewWhereTheChannelIs) {
    one.state->attach(on_one, "kept", {}, answer);
    publish(two, "kept", "1");
    publish(two, "kept", "2");
    EXPECT_EQ(said(*anna), "[at 0] gap 12");
}

TEST_F(HubNodes, TellOfWhatABrokerLeavesOut) {
    one.state->remember("kept", seven_missing_then_one());
    one.state->attach(on_one, "kept", {}, answer);
    const auto listener = detail::make_listener(one.state);
    listener->published("kept", {.what = {.type = "8"}, .at = {"e", 8}});
    EXPECT_EQ(anna->received[1], R"({"type":"gap","channel":"kept","data":{"dropped":2,"offset":7}})");
    listener->passed("kept", 0, {"e", 9}); // has expired
    listener->published("kept", {.what = {.type = "A"}, .at = {"e", 10}});
    listener->published("kept", {.what = {.type = "1"}, .at = {"f", 1}});
    EXPECT_EQ(said(*anna), "[at 5] gap 8A gap 1");
}

TEST_F(HubNodes, RecoverWhoMissedNothingThoughTheNodeSpokeAloneToNobody) {
    subscribe(one, on_one, "kept");
    one.state->detach(on_one, "kept");
    between.cut(*one.state->options.broker);
    publish(one, "kept", "a");
    one.state->remember("kept", seven_missing_then_one());
    one.state->attach(on_one, "kept", position{"e", 4}, answer);
    EXPECT_EQ(said(*anna), "[at 0][at 5 recovered]5");
}

TEST_F(HubNodes, ConfirmWhatTheHistoryHas) {
    const auto done =
        loop.get(detail::hub_state::publish_confirmed(one.state, "kept", {.type = "x"}, {.idempotency_key = "k"}));
    EXPECT_EQ(done.at.offset, 1u);
    EXPECT_TRUE(
        loop.get(detail::hub_state::publish_confirmed(two.state, "kept", {.type = "x"}, {.idempotency_key = "k"}))
            .duplicate);
    EXPECT_EQ(loop.get(detail::hub_state::history(two.state, "kept", {}, 10)).messages.size(), 1u);
    between.cut(*one.state->options.broker);
    EXPECT_EQ(loop.run(detail::hub_state::publish_confirmed(one.state, "kept", {.type = "x"}, {}))->code(),
              infra::errc::unavailable);
}

TEST_F(HubNodes, TakeNoMessageOfTheProtocolsOwnTypesFromOthers) {
    one.state->attach(on_one, "room");
    const auto listener = detail::make_listener(one.state);
    listener->published("room", {.what = {.type = "reconnect"}});
    listener->published("room", {.what = {.type = ""}});
    listener->published("room", {.what = {.type = "said", .channel = "elsewhere"}});
    EXPECT_EQ(anna->received, strings{R"({"type":"said","channel":"room"})"});
}

TEST_F(HubNodes, DisconnectAUserElsewhereOnceThereIsALink) {
    two.state->set_identity(on_two, {.user = "bert"});
    between.cut(*one.state->options.broker);
    one.state->close_elsewhere("bert", close_code::forbidden);
    loop.settle();
    EXPECT_FALSE(bert->closed);
    between.mend(*one.state->options.broker);
    loop.until([&] { return bert->closed.has_value(); });
    EXPECT_EQ(bert->closed, close_code::forbidden);
}

TEST_F(HubNodes, ObeyOnceWhatTheyAreToldTwice) {
    const auto after = std::make_shared<recording>();
    two.state->set_identity(on_two, {.user = "anna"});
    two.state->heard_disconnection({"anna", close_code::forbidden, "7"});
    EXPECT_EQ(bert->closed, close_code::forbidden);
    two.state->set_identity(join(two, "again", after), {.user = "anna"});
    two.state->heard_disconnection({"anna", close_code::forbidden, "7"});
    EXPECT_FALSE(after->closed);
    two.state->heard_disconnection({"anna", close_code::forbidden});
    EXPECT_EQ(after->closed, close_code::forbidden) << "said by hand";
}

TEST_F(HubNodes, DisconnectAUserOnAll) {
    ASSERT_TRUE(one.state->set_identity(on_one, {.user = "u"}));
    ASSERT_TRUE(two.state->set_identity(on_two, {.user = "u"}));
    EXPECT_EQ(one.state->close_user("u", close_code::forbidden), 1u);
    one.state->close_elsewhere("u", close_code::forbidden);
    loop.settle();
    EXPECT_EQ(anna->closed, close_code::forbidden);
    EXPECT_EQ(bert->closed, close_code::forbidden);
}

} // namespace
} // namespace infra::realtime::tests
