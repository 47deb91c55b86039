#include "support.hpp"

namespace infra::realtime {
namespace {

using SessionLimits = Session;

TEST_F(SessionLimits, MessagesOfOneClientAreAsManyAsItsRateAllows) {
    auto& anna = connect();
    for (int i = 0; i < 200; ++i)
        anna.say(message{.type = "ping"});
    EXPECT_EQ(anna.heard("pong").size(), 200u);
    time.advance(1s);
    for (int i = 0; i < 50; ++i)
        anna.say(message{.type = "ping"});
    EXPECT_EQ(anna.heard("pong").size(), 50u);
    EXPECT_EQ(anna.closed(), std::nullopt);
    anna.say(message{.type = "ping"});
    settle();
    EXPECT_EQ(anna.closed(), close_code::too_many_messages);
}

TEST_F(SessionLimits, MessagesOfAUserAreCountedOverItsConnections) {
    auto options = open_options();
    options.limits.messages_per_second_per_user = 100;
    make_hub(options);
    std::vector<test_client*> annas;
    for (int i = 0; i < 4; ++i)
        annas.push_back(&connect({.user = "anna"}));
    auto& bert = connect({.user = "bert"});
    for (int i = 0; i < 100; ++i)
        for (auto* each : annas)
            each->say(message{.type = "ping"});
    settle();
    for (auto* each : annas)
        EXPECT_EQ(each->heard("pong").size(), 100u);
    annas[0]->say(message{.type = "ping"});
    bert.say(message{.type = "ping"});
    settle();
    EXPECT_EQ(annas[0]->closed(), close_code::too_many_messages);
    EXPECT_EQ(annas[1]->closed(), std::nullopt);
    EXPECT_EQ(bert.closed(), std::nullopt);
}

TEST_F(SessionLimits, AUserMayAlwaysSaySomething) {
    auto options = open_options();
    options.limits.messages_per_second = 50;
    options.limits.message_burst = 10;
    options.limits.messages_per_second_per_user = 1;
    make_hub(options);
    auto& anna = connect({.user = "anna"});
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(names(said(anna, {.what = {.type = "ping"}})), name_list{"pong"});
        time.advance(1s);
    }
}

TEST_F(SessionLimits, ConnectionsOfAUserAreBounded) {
    auto options = open_options();
    options.limits.max_clients_per_user = 2;
    make_hub(options);
    connect({.user = "anna"});
    auto& second = connect({.user = "anna"});
    EXPECT_EQ(connect({.user = "anna"}).closed(), close_code::too_many_connections);
    EXPECT_EQ(connect({.user = "bert"}).closed(), std::nullopt);
    EXPECT_EQ(connect().closed(), std::nullopt);
    second.drop();
    settle();
    EXPECT_EQ(connect({.user = "anna"}).closed(), std::nullopt);
}

TEST_F(SessionLimits, ConnectionsOfAnAddressAreBounded) {
    auto options = open_options();
    options.limits.max_clients_per_address = 1;
    make_hub(options);
    connect({}, {.remote_address = "192.0.2.1"});
    EXPECT_EQ(connect({}, {.remote_address = "192.0.2.1"}).closed(), close_code::too_many_connections);
    EXPECT_EQ(connect({}, {.remote_address = "192.0.2.2"}).closed(), std::nullopt);
}

TEST_F(SessionLimits, ConnectionsInAllAreBoundedAndWorthComingBackFor) {
    auto options = open_options();
    options.limits.max_clients = 1;
    make_hub(options);
    connect();
    const auto code = connect().closed();
    ASSERT_TRUE(code);
    EXPECT_TRUE(may_reconnect(*code));
}

TEST_F(SessionLimits, NamesAreAsLongAsTheHubAllows) {
    auto options = open_options();
    options.limits.max_channel_name = 8;
    make_hub(options);
    auto& anna = connect();
    EXPECT_EQ(names(said(anna, subscribe_to("12345678"))), name_list{"subscribed"});
    EXPECT_EQ(names(said(anna, subscribe_to("123456789"))), name_list{"error:bad_message"});
}

TEST_F(SessionLimits, ResumesAreAsLongAsTheHubAllows) {
    auto options = open_options();
    options.limits.max_recovered = 10;
    make_hub(options);
    auto& anna = connect();
    said(anna, subscribe_to("r:1"));
    anna.drop();
    for (int i = 0; i < 10; ++i)
        the_hub().publish("r:1", {.type = "m"});
    anna.reconnect();
    settle();
    EXPECT_EQ(anna.heard("m").size(), 10u);
    EXPECT_EQ(only(anna.heard("subscribed")).data.at("recovered"), true);
    anna.drop();
    for (int i = 0; i < 11; ++i)
        the_hub().publish("r:1", {.type = "m"});
    anna.reconnect();
    settle();
    EXPECT_EQ(anna.heard("m").size(), 0u);
    EXPECT_EQ(only(anna.heard("subscribed")).data.at("recovered"), false);
}

} // namespace
} // namespace infra::realtime
