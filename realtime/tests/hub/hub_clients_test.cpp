// Who is there, and how much of everything.

#include "hub_fixture.hpp"

namespace infra::realtime::tests {
namespace {

using namespace std::chrono_literals;

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

} // namespace
} // namespace infra::realtime::tests
