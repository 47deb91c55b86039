// What goes to the application's handlers.
#include "support.hpp"

#include <stdexcept>

namespace infra::realtime {
namespace {

class SessionApplication : public Session {
protected:
    message_handler noting(std::string name = {}) {
        return [this, name](const client_id&, const message& m) { log.push_back(name + m.type); };
    }
    /// Until the test opens it.
    message_handler waiting(std::string name) {
        return [this, name](client_id, message m) -> awaitable<void> {
            log.push_back("begin " + name + m.type);
            co_await time.sleep_for(1s);
            log.push_back("end " + name + m.type);
        };
    }
    name_list log;
};

TEST_F(SessionApplication, HearsOtherTypesInTheOrderTheyCame) {
    the_hub().on_message(noting());
    the_hub().on_message("b", noting("only "));
    auto& anna = connect();
    anna.say(message{.type = "a"});
    anna.say(message{.type = "b"});
    anna.say(message{.type = "subscribe", .channel = "c"}); // has a meaning of its own here
    EXPECT_EQ(log, (name_list{"a", "b", "only b"}));
}

TEST_F(SessionApplication, HearsWhatItsHandlersNeed) {
    std::optional<message> got;
    client_id from;
    the_hub().on_message("move", [&](client_id who, message m) {
        from = who;
        got = m;
    });
    auto& anna = connect();
    said(anna, {.what = {"move", "board:1", {{"x", 3}}}});
    EXPECT_EQ(from, anna.id());
    EXPECT_EQ(got, (message{"move", "board:1", {{"x", 3}}}));
}

TEST_F(SessionApplication, RefusesTypesThatNobodyHears) {
    auto& anna = connect();
    EXPECT_EQ(names(said(anna, {.what = {.type = "other"}})), name_list{"error:unknown_type"});
    the_hub().on_message("heard", noting());
    EXPECT_TRUE(said(anna, {.what = {.type = "heard"}}).empty());
    EXPECT_EQ(names(said(anna, {.what = {.type = "heard"}, .ref = "wants an answer"})),
              name_list{"error:unknown_type"});
    EXPECT_EQ(names(said(anna, {.what = {.type = "welcome"}})), name_list{"error:unknown_type"});
    the_hub().on_message(noting());
    EXPECT_EQ(names(said(anna, {.what = {.type = "gap"}})), name_list{"error:unknown_type"});
}

TEST_F(SessionApplication, AnswersRequestsPlainOrByACoroutine) {
    the_hub().on_request("plain", [](client_id, message m) { return m.data; });
    the_hub().on_request("later", [this](client_id, message m) -> awaitable<json::value> {
        co_await time.sleep_for(1s);
        co_return m.data;
    });
    auto& anna = connect();
    auto reply = only(said(anna, {.what = {"plain", "", 1}, .ref = "p"}));
    EXPECT_EQ(reply, (message{.type = "reply", .data = 1}));
    EXPECT_EQ(reply.ref, "p");
    EXPECT_TRUE(said(anna, {.what = {"later", "", 2}, .ref = "l"}).empty());
    time.advance(1s);
    settle();
    reply = only(anna.heard());
    EXPECT_EQ(reply, (message{.type = "reply", .data = 2}));
    EXPECT_EQ(reply.ref, "l");
    EXPECT_EQ(names(said(anna, {.what = {"plain", "", 1}})), name_list{"error:unknown_type"}) << "asks for nothing";
}

TEST_F(SessionApplication, TellsAFailureByNameAndNothingOfOtherErrors) {
    the_hub().on_request("sold_out",
                         [](client_id, message) -> json::value { throw failure("sold_out", "no seats are left"); });
    the_hub().on_request("broken", [](client_id, message) -> json::value { throw std::runtime_error("password"); });
    the_hub().on_request("broken later", [](client_id, message) -> awaitable<json::value> {
        throw std::runtime_error("password");
        co_return nullptr;
    });
    auto& anna = connect();
    const auto told = only(said(anna, {.what = {.type = "sold_out"}, .ref = "1"}));
    EXPECT_EQ(told.data, (json::value{{"code", "sold_out"}, {"message", "no seats are left"}}));
    EXPECT_EQ(told.ref, "1");
    for (const auto* type : {"broken", "broken later"}) {
        const auto hidden = only(said(anna, {.what = {.type = type}, .ref = "2"}));
        EXPECT_EQ(hidden.data.at("code"), "internal");
        EXPECT_EQ(json::to_text(hidden.data).find("password"), std::string::npos);
        EXPECT_EQ(hidden.ref, "2");
    }
    EXPECT_EQ(anna.closed(), std::nullopt);
}

TEST_F(SessionApplication, AsksListenersBeforeTheOneWhoAnswers) {
    the_hub().on_request("x", [this](client_id, message) { return log.push_back("answer"), 1; });
    the_hub().on_message("x", waiting(""));
    auto& anna = connect();
    anna.say({.what = {.type = "x"}, .ref = "1"});
    settle();
    EXPECT_EQ(log, name_list{"begin x"});
    time.advance(1s);
    settle();
    EXPECT_EQ(log, (name_list{"begin x", "end x", "answer"}));
    EXPECT_EQ(names(anna.heard()), name_list{"reply"});
}

TEST_F(SessionApplication, MakesOnlyItsOwnClientWait) {
    the_hub().on_message("slow", waiting(""));
    the_hub().on_message("fast", noting());
    auto& anna = connect();
    auto& bert = connect();
    anna.say(message{.type = "slow"});
    anna.say(message{.type = "fast"});
    bert.say(message{.type = "fast"});
    settle();
    EXPECT_EQ(log, (name_list{"fast", "begin slow"}));
    time.advance(1s);
    settle();
    EXPECT_EQ(log, (name_list{"fast", "begin slow", "end slow", "fast"}));
}

TEST_F(SessionApplication, GivesUpAHandlerThatHangs) {
    the_hub().on_request("hang", [this](client_id, message) -> awaitable<json::value> {
        co_await time.sleep_until(steady_time::max());
        co_return nullptr;
    });
    auto& anna = connect();
    anna.say({.what = {.type = "hang"}, .ref = "1"});
    anna.say({.what = {.type = "subscribe", .channel = "c"}, .ref = "2"});
    settle();
    time.advance(30s);
    settle();
    EXPECT_EQ(names(anna.heard()), (name_list{"error:unavailable", "subscribed"}));
}

TEST_F(SessionApplication, StopsReadingWhatWouldWaitTooLong) {
    the_hub().on_message("slow", waiting(""));
    int handled = 0;
    the_hub().on_message("count", [&](client_id, message) { ++handled; });
    auto options = session_options{.transport = "raw"};
    bool reads_on = false;
    options.read_on = [&] { reads_on = true; };
    auto& witness = connect(); // gives the group that its connection has
    const auto talk = session::open(the_hub(), the_hub().get_client(witness.id()), {}, {}, options);
    ASSERT_TRUE(talk);
    EXPECT_TRUE(talk->receive(R"({"type":"slow"})"));
    for (int i = 1; i < 64; ++i)
        EXPECT_TRUE(talk->receive(R"({"type":"count"})")) << i;
    EXPECT_FALSE(talk->receive(R"({"type":"count"})"));
    settle();
    EXPECT_FALSE(reads_on);
    EXPECT_EQ(handled, 0);
    time.advance(1s);
    settle();
    EXPECT_TRUE(reads_on);
    EXPECT_EQ(handled, 64);
    EXPECT_TRUE(talk->receive(R"({"type":"count"})"));
    talk->ended(close_code::normal);
}

TEST_F(SessionApplication, ClosesWhoGoesOnSayingThings) {
    auto options = open_options();
    options.limits.message_burst = 10'000;
    make_hub(options).on_message("slow", waiting(""));
    auto& witness = connect();
    const auto talk = session::open(the_hub(), the_hub().get_client(witness.id()), {}, {}, {});
    talk->receive(R"({"type":"slow"})");
    for (int i = 0; i < 128; ++i)
        talk->receive(R"({"type":"slow"})");
    settle();
    EXPECT_FALSE(the_hub().find_client(talk->id()));
}

TEST_F(SessionApplication, BoundsWhatWaitsInBytesToo) {
    the_hub().on_message("slow", waiting(""));
    auto& witness = connect();
    const auto talk = session::open(the_hub(), the_hub().get_client(witness.id()), {}, {}, {});
    talk->receive(R"({"type":"slow"})");
    const auto large = R"({"type":"slow","data":")" + std::string(65'000, 'x') + "\"}";
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(talk->receive(large));
    EXPECT_FALSE(talk->receive(large));
    talk->ended(close_code::normal);
}

TEST_F(SessionApplication, FinishesWhatItHasBegunWhenTheClientGoes) {
    the_hub().on_message("slow", waiting(""));
    the_hub().on_message("next", noting());
    the_hub().on_disconnect(
        [this](client_id, close_code code) { log.push_back("gone " + std::string(to_string(code))); });
    auto& anna = connect();
    anna.say(message{.type = "slow"});
    anna.say(message{.type = "next"}); // has not begun, and never will
    settle();
    anna.drop();
    settle();
    EXPECT_EQ(log, name_list{"begin slow"});
    time.advance(1s);
    settle();
    EXPECT_EQ(log, (name_list{"begin slow", "end slow", "gone abnormal"}));
}

TEST_F(SessionApplication, HearsOfThoseWhoComeAndGoInTheirTurn) {
    the_hub().on_connect([this](client_id, close_code) -> awaitable<void> {
        co_await time.sleep_for(1s);
        log.push_back("came");
    });
    the_hub().on_message(noting());
    the_hub().on_disconnect([this](client_id, close_code code) { log.push_back(std::string(to_string(code))); });
    auto& anna = connect();
    anna.say(message{.type = "first"});
    settle();
    EXPECT_EQ(log, name_list{});
    time.advance(1s);
    settle();
    EXPECT_EQ(log, (name_list{"came", "first"}));
    the_hub().disconnect(anna.id());
    settle();
    EXPECT_EQ(log, (name_list{"came", "first", "disconnected"}));
    EXPECT_EQ(anna.closed(), close_code::disconnected);
}

TEST_F(SessionApplication, MayCallTheHubFromItsHandlers) {
    auto& hub = the_hub();
    hub.on_message("shout", [&hub](client_id, message m) { hub.publish("c", {.type = "shouted", .data = m.data}); });
    hub.on_message("kick me", [&hub](client_id who, message) { hub.disconnect(who); });
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    EXPECT_EQ(only(said(anna, {.what = {"shout", "", 1}})), (message{"shouted", "c", 1}));
    EXPECT_TRUE(said(anna, {.what = {.type = "kick me"}}).empty());
    EXPECT_EQ(anna.closed(), close_code::disconnected);
}

TEST_F(SessionApplication, IsNotEnteredTwiceByAClientThatSpeaksFromWithinAHandler) {
    test_client* speaker = nullptr;
    the_hub().on_message("outer", [&](client_id, message) {
        speaker->say(message{.type = "inner"});
        log.push_back("outer");
    });
    the_hub().on_message("inner", noting());
    speaker = &connect();
    speaker->say(message{.type = "outer"});
    EXPECT_EQ(log, (name_list{"outer", "inner"}));
}

TEST_F(SessionApplication, IsDispatchedForConnectionsOfOnesOwn) {
    the_hub().on_message("x", waiting(""));
    const auto done = loop.spawn(the_hub().dispatch_message("somebody", {.type = "x"}));
    settle();
    EXPECT_FALSE(done->done());
    time.advance(1s);
    settle();
    EXPECT_TRUE(done->done());
    EXPECT_EQ(log, (name_list{"begin x", "end x"}));
}

} // namespace
} // namespace infra::realtime
