// Each row of the README's tables, "The protocol".
#include "support.hpp"

#include <algorithm>

namespace infra::realtime {
namespace {

using SessionProtocol = Session;

TEST_F(SessionProtocol, WelcomesFirst) {
    test_client anna(the_hub(), {.user = "anna"});
    const auto hello = only(anna.heard());
    EXPECT_EQ(hello, (message{.type = "welcome",
                              .data = {{"client", anna.id()}, {"user", "anna"}, {"ping", 25000}, {"version", 1}}}));
    test_client nobody(the_hub());
    EXPECT_FALSE(only(nobody.heard()).data.as_object().contains("user"));
    EXPECT_NE(anna.id(), nobody.id());
}

TEST_F(SessionProtocol, SubscribesAndSaysWhereTheChannelIs) {
    the_hub().publish("r:1", {.type = "before"});
    auto& anna = connect();
    const auto done = only(said(anna, subscribe_to("r:1", "7")));
    EXPECT_EQ(done.type, "subscribed");
    EXPECT_EQ(done.channel, "r:1");
    EXPECT_EQ(done.ref, "7");
    EXPECT_EQ(done.data.at("offset"), 1);
    EXPECT_FALSE(done.data.at("epoch").as_string().empty());
    EXPECT_FALSE(done.data.as_object().contains("recovered"));
    EXPECT_EQ(the_hub().get_subscribers("r:1"), std::vector{anna.id()});

    the_hub().publish("r:1", {.type = "hello", .data = 5});
    settle();
    const auto heard = only(anna.heard());
    EXPECT_EQ(heard, (message{"hello", "r:1", 5}));
    EXPECT_EQ(heard.offset, 2u);
}

TEST_F(SessionProtocol, SubscribesWithoutAPlaceWhereNothingIsKept) {
    auto& anna = connect();
    EXPECT_EQ(only(said(anna, subscribe_to("live"))), (message{"subscribed", "live", json::object()}));
    EXPECT_EQ(only(said(anna, {.what = {"subscribe", "live2", nullptr}, .since = position{"e", 1}})),
              (message{"subscribed", "live2", {{"recovered", false}}}));
    the_hub().publish("live", {.type = "hello"});
    settle();
    EXPECT_EQ(only(anna.heard()).offset, 0u);
}

TEST_F(SessionProtocol, ResumesWithAllThatWasMissedAndThenWhatComes) {
    auto& anna = connect();
    const auto place = only(said(anna, subscribe_to("r:1"))).data;
    said(anna, {.what = {.type = "unsubscribe", .channel = "r:1"}});
    for (int i = 1; i <= 3; ++i)
        the_hub().publish("r:1", {.type = "m", .data = i});
    anna.say({.what = {.type = "subscribe", .channel = "r:1"},
              .ref = "s",
              .since = position{std::string(place.at("epoch").as_string()), 1}});
    the_hub().publish("r:1", {.type = "m", .data = 4});
    settle();
    const auto heard = anna.heard();
    EXPECT_EQ(names(heard), (name_list{"subscribed", "m", "m", "m"}));
    EXPECT_EQ(heard[0].data.at("recovered"), true);
    EXPECT_EQ(heard[0].ref, "s");
    for (std::size_t i = 1; i < heard.size(); ++i)
        EXPECT_EQ(heard[i].offset, i + 1);
}

TEST_F(SessionProtocol, SaysSoWhenItCannotResume) {
    the_hub().publish("r:1", {.type = "m"});
    auto& anna = connect();
    const auto heard =
        only(said(anna, {.what = {.type = "subscribe", .channel = "r:1"}, .since = position{"other", 0}}));
    EXPECT_EQ(heard.data.at("recovered"), false);
    EXPECT_EQ(heard.data.at("offset"), 1);
}

TEST_F(SessionProtocol, Unsubscribes) {
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    const auto done = only(said(anna, {.what = {.type = "unsubscribe", .channel = "c"}, .ref = "u"}));
    EXPECT_EQ(done, (message{.type = "unsubscribed", .channel = "c"}));
    EXPECT_EQ(done.ref, "u");
    the_hub().publish("c", {.type = "m"});
    settle();
    EXPECT_TRUE(anna.heard().empty());
    EXPECT_EQ(names(said(anna, {.what = {.type = "unsubscribe", .channel = "c"}})), name_list{"error:not_subscribed"});
}

TEST_F(SessionProtocol, PublishesToTheSubscribersAndAnswersIfAsked) {
    auto& anna = connect();
    auto& bert = connect();
    said(bert, subscribe_to("r:1"));
    const json::value hello{{"type", "said"}, {"data", {{"text", "Hi"}}}};
    const auto done = only(said(anna, {.what = {"publish", "r:1", hello}, .ref = "p"}));
    EXPECT_EQ(done, (message{"published", "r:1", {{"offset", 1}}}));
    EXPECT_EQ(done.ref, "p");
    EXPECT_TRUE(said(anna, {.what = {"publish", "r:1", hello}}).empty());
    EXPECT_EQ(only(said(anna, {.what = {"publish", "live", hello}, .ref = "q"})),
              (message{"published", "live", json::object()}));
    const auto heard = bert.heard();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[1], (message{"said", "r:1", {{"text", "Hi"}}}));
    EXPECT_EQ(heard[1].offset, 2u);
}

TEST_F(SessionProtocol, PublishesNothingThatIsNoMessage) {
    auto& anna = connect();
    for (const auto& bad :
         {json::value(), json::value(7), json::value(json::object()), json::value({{"type", 1}}),
          json::value({{"type", ""}}), json::value({{"type", "gap"}}), json::value({{"type", "reply"}})})
        EXPECT_EQ(names(said(anna, {.what = {"publish", "c", bad}, .ref = "p"})), name_list{"error:bad_message"});
    EXPECT_EQ(names(said(anna, {.what = {"publish", "", {{"type", "x"}}}})), name_list{"error:bad_message"});
}

TEST_F(SessionProtocol, ReadsTheHistory) {
    auto& hub = the_hub();
    for (int i = 1; i <= 5; ++i)
        hub.publish("r:1", {.type = "m", .data = i});
    auto& anna = connect();
    const auto newest = only(said(anna, {.what = {"history", "r:1", {{"limit", 2}}}, .ref = "h"}));
    EXPECT_EQ(newest.type, "history");
    EXPECT_EQ(newest.channel, "r:1");
    EXPECT_EQ(newest.ref, "h");
    EXPECT_EQ(newest.data.at("offset"), 5);
    EXPECT_EQ(newest.data.at("complete"), true);
    ASSERT_EQ(newest.data.at("messages").as_array().size(), 2u);
    EXPECT_EQ(newest.data.at("messages").at(1),
              (json::value{{"type", "m"}, {"channel", "r:1"}, {"offset", 5}, {"data", 5}}));

    const std::string epoch(newest.data.at("epoch").as_string());
    const auto since = only(said(anna, {.what = {"history", "r:1", nullptr}, .since = position{epoch, 2}}));
    EXPECT_EQ(since.data.at("complete"), true);
    EXPECT_EQ(since.data.at("messages").as_array().size(), 3u);
    const auto other = only(said(anna, {.what = {"history", "r:1", nullptr}, .since = position{"other", 2}}));
    EXPECT_EQ(other.data.at("complete"), false);
    EXPECT_EQ(other.data.at("messages"), json::array());

    const std::string odd = "r:\"\xc3\xa9";
    hub.publish(odd, {.type = "\"", .data = "\\"});
    const auto of_odd = only(said(anna, {.what = {"history", odd, nullptr}}));
    EXPECT_EQ(of_odd.channel, odd);
    EXPECT_EQ(of_odd.data.at("messages"),
              (json::array{{{"type", "\""}, {"channel", odd}, {"offset", 1}, {"data", "\\"}}}));
}

TEST_F(SessionProtocol, CutsAHistoryThatIsTooMuchAndSaysSo) {
    auto options = open_options();
    options.limits.max_queue_bytes = 10'000;
    auto& hub = make_hub(options);
    for (int i = 1; i <= 20; ++i)
        hub.publish("r:1", {.type = "m", .data = json::value(std::string(1'000, 'x'))});
    auto& anna = connect();
    const auto newest = only(said(anna, {.what = {.type = "history", .channel = "r:1"}}));
    EXPECT_EQ(newest.data.at("complete"), false);
    const auto& messages = newest.data.at("messages").as_array();
    EXPECT_EQ(messages.size(), 4u);
    EXPECT_EQ(messages.back().at("offset"), 20);
    const position start{std::string(newest.data.at("epoch").as_string()), 0};
    const auto first = only(said(anna, {.what = {.type = "history", .channel = "r:1"}, .since = start}));
    EXPECT_EQ(first.data.at("complete"), false);
    EXPECT_EQ(first.data.at("messages").at(0).at("offset"), 1);
    EXPECT_EQ(anna.closed(), std::nullopt);
}

TEST_F(SessionProtocol, AnswersAPing) {
    auto& anna = connect();
    const auto pong = only(said(anna, {.what = {.type = "ping"}, .ref = "1"}));
    EXPECT_EQ(pong, message{.type = "pong"});
    EXPECT_EQ(pong.ref, "1");
}

TEST_F(SessionProtocol, KnowsOneUserWhereNobodyIsAskedForATokenEither) {
    auto& anna = connect();
    const auto done = only(said(anna, {.what = {.type = "auth"}, .ref = "a", .token = "any"}));
    EXPECT_EQ(done, message{.type = "authenticated"});
    EXPECT_EQ(done.ref, "a");
}

TEST_F(SessionProtocol, TellsWhatTheServerHasTakenAway) {
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    the_hub().unsubscribe("c", anna.id());
    settle();
    EXPECT_EQ(only(anna.heard()), (message{"unsubscribed", "c", {{"code", "taken"}}}));
}

TEST_F(SessionProtocol, TellsWhatTheServerHasGiven) {
    auto& anna = connect();
    the_hub().subscribe("r:1", anna.id());
    settle();
    const auto told = only(anna.heard());
    EXPECT_EQ(told.type, "subscribed");
    EXPECT_EQ(told.data.at("offset"), 0);
}

TEST_F(SessionProtocol, SaysNothingBehindUnsubscribed) {
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    the_hub().publish("c", {.type = "before"}); // on its way when the client leaves
    anna.say(message{.type = "unsubscribe", .channel = "c"});
    the_hub().publish("c", {.type = "after"});
    settle();
    EXPECT_EQ(names(anna.heard()), (name_list{"before", "unsubscribed"}));
}

TEST_F(SessionProtocol, SubscribesTwiceAsOnceAndAnswersTwice) {
    auto& anna = connect();
    said(anna, subscribe_to("r:1"));
    EXPECT_EQ(names(said(anna, subscribe_to("r:1", "again"))), name_list{"subscribed"});
    the_hub().publish("r:1", {.type = "m"});
    settle();
    EXPECT_EQ(anna.heard().size(), 1u);
}

TEST_F(SessionProtocol, SubscribesAtOnceWhatTheIdentityBrings) {
    test_client anna(the_hub(), {.user = "anna", .channels = {"user:anna", "r:all"}});
    settle();
    EXPECT_EQ(names(anna.heard()), (name_list{"welcome", "subscribed", "subscribed"}));
    EXPECT_EQ(the_hub().get_subscribers("r:all"), std::vector{anna.id()});
}

TEST_F(SessionProtocol, AnswersInTheOrderOfTheQuestions) {
    auto& anna = connect();
    anna.say(subscribe_to("a", "1"));
    anna.say({.what = {.type = "history", .channel = "a"}, .ref = "2"}); // a coroutine
    anna.say(subscribe_to("b", "3"));
    anna.say({.what = {.type = "unsubscribe", .channel = "a"}, .ref = "4"});
    settle();
    std::string refs;
    for (const auto& each : anna.heard())
        refs += each.ref;
    EXPECT_EQ(refs, "1234");
}

TEST_F(SessionProtocol, ShowsWhoIsThereAndWhoComesAndGoes) {
    auto options = open_options();
    options.channels = {{"room", {.presence = true}}};
    make_hub(options);
    run_hub();
    auto& anna = connect({.user = "anna", .info = "Anna"});
    auto& second_tab = connect({.user = "anna", .info = "Anna"});
    auto& bert = connect({.user = "bert"});
    auto& nobody = connect();
    said(anna, subscribe_to("room"));
    said(second_tab, subscribe_to("room"));
    auto m = subscribe_to("room");
    m.info = {{"name", "Bert"}};
    EXPECT_EQ(names(said(bert, m)), name_list{"subscribed"}) << "nobody is told of himself";
    const json::value is_bert{{"user", "bert"}, {"info", {{"name", "Bert"}}}};
    EXPECT_EQ(only(anna.heard()), (message{"join", "room", is_bert}));
    said(nobody, subscribe_to("room"));
    EXPECT_EQ(only(anna.heard("join")).data.at("user").as_string(), nobody.id());

    const auto there = only(said(anna, {.what = {.type = "presence", .channel = "room"}, .ref = "m"}));
    EXPECT_EQ(there.type, "members");
    EXPECT_EQ(there.ref, "m");
    EXPECT_EQ(there.data.at("users"), 3);
    EXPECT_EQ(there.data.at("connections"), 4);
    EXPECT_EQ(there.data.at("members").as_array().size(), 3u);
    const json::value is_anna{{"user", "anna"}, {"info", "Anna"}, {"connections", 2}};
    EXPECT_EQ(std::ranges::count(there.data.at("members").as_array(), is_anna), 1);

    bert.drop();
    pass(10s);
    bert.reconnect();
    pass(20s);
    EXPECT_TRUE(anna.heard().empty()) << "a short absence is none";
    bert.drop();
    second_tab.drop();
    pass(20s);
    EXPECT_EQ(only(anna.heard()), (message{"leave", "room", is_bert}));
}

TEST_F(SessionProtocol, ClientsAreListedWithWhatTheyAre) {
    auto& anna = connect({.user = "anna"}, {.remote_address = "192.0.2.1"});
    said(anna, subscribe_to("c"));
    const auto info = the_hub().find_client(anna.id()).value();
    EXPECT_EQ(info.user, "anna");
    EXPECT_EQ(info.remote_address, "192.0.2.1");
    EXPECT_EQ(info.transport, "test");
    EXPECT_EQ(info.channels, std::vector<std::string>{"c"});
    anna.drop();
    EXPECT_FALSE(the_hub().find_client(anna.id()));
    EXPECT_TRUE(the_hub().get_channels().empty());
}

} // namespace
} // namespace infra::realtime
