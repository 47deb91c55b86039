// What the panel of realtime answers and does, and who listens for it.

#include "src/realtime/listeners.hpp"
#include "src/realtime/realtime_panel.hpp"
#include "src/realtime/watch.hpp"
#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/realtime/admin.hpp>
#include <infra/realtime/testing.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

class RealtimePanel : public ::testing::Test {
protected:
    RealtimePanel() {
        add_realtime_panel(on.board(), {.hub = [this] { return hub; }});
    }
    void join(realtime::test_client& who, const std::string& channel) {
        hub.subscribe(channel, who.id());
        on.loop.settle();
    }
    void publish(const std::string& channel, const std::string& type, json::value data = {}) {
        hub.publish(channel, {.type = type, .data = std::move(data)});
        on.loop.settle();
    }
    static std::string in_path(std::string_view text) { return encoding::percent_encode(text); }

    manual_clock time;
    mounted on{role::operate, &time};
    realtime::hub hub{{.channels = {{"room:*", {.history = {.size = 100}, .presence = true}},
                                    {"ticks:*", {.on_overflow = realtime::overflow::drop_oldest}}},
                       .on = on.loop.get_executor(),
                       .time = &time}};
};

TEST_F(RealtimePanel, ListsChannelsByPrefixInPages) {
    realtime::test_client anna(hub, {.user = "anna"});
    for (const auto* name : {"room:1", "room:2", "room:3", "news"})
        join(anna, name);
    EXPECT_EQ(on.get("/realtime/channels").at("items").as_array().size(), 4u);
    const auto first = on.get("/realtime/channels?prefix=room:&limit=2");
    ASSERT_EQ(first.at("items").as_array().size(), 2u);
    EXPECT_EQ(first.at("items").at(0).at("subscribers"), 1);
    EXPECT_EQ(first.at("next"), "room:2");
    const auto rest = on.get("/realtime/channels?prefix=room:&limit=2&cursor=room:2");
    EXPECT_EQ(rest.at("items").at(0).at("name"), "room:3");
    EXPECT_TRUE(rest.at("next").is_null());
}

TEST_F(RealtimePanel, ShowsAChannelWithItsHistoryAndWhoIsThere) {
    realtime::test_client anna(hub, {.user = "anna", .info = {{"name", "Anna <b>"}}});
    join(anna, "room:1");
    publish("room:1", "said", {{"text", "Hello!"}});
    const auto channel = on.get("/realtime/channels/room:1");
    EXPECT_EQ(channel.at("subscribers"), 1);
    EXPECT_EQ(channel.at("history_messages"), 1);
    const auto history = on.get("/realtime/channels/room:1/history");
    EXPECT_EQ(history.at("items").at(0).at("type"), "said");
    EXPECT_EQ(history.at("items").at(0).at("data").at("text"), R"({"text":"Hello!"})");
    const auto there = on.get("/realtime/channels/room:1/presence");
    EXPECT_EQ(there.at("items").at(0).at("user"), "anna");
    EXPECT_EQ(there.at("users"), 1);
}

TEST_F(RealtimePanel, SaysOfALongMessageTheBeginning) {
    publish("room:1", "said", json::value(std::string(50'000, 'x')));
    const auto data = on.get("/realtime/channels/room:1/history").at("items").at(0).at("data");
    EXPECT_EQ(data.at("cut"), true);
    EXPECT_EQ(data.at("bytes"), 50'002);
    EXPECT_LT(data.at("text").as_string().size(), 9'000u);
    const auto whole = on.get("/realtime/channels/room:1/history?whole=1").at("items").at(0).at("data");
    EXPECT_EQ(whole.at("cut"), false);
}

TEST_F(RealtimePanel, PublishesAMessage) {
    realtime::test_client anna(hub, {.user = "anna"});
    join(anna, "room:1");
    const auto answer = on.act(http::method::post, "/realtime/channels/room:1/messages",
                               R"({"type":"said","data":{"text":"from the page"}})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::parse(answer.body)->at("subscribers"), 1);
    on.loop.settle();
    const auto heard = anna.heard("said");
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].data.at("text"), "from the page");
}

TEST_F(RealtimePanel, RefusesWhatCannotBePublished) {
    struct row {
        std::string channel, body;
        int status;
    };
    const row rows[] = {
        {"room:1", R"({"data":1})", 422},
        {"room:1", R"({"type":"welcome"})", 422},
        {"room:1", R"({"type":7})", 422},
        {"room:1", "nonsense", 400},
        {std::string(300, 'x'), R"({"type":"said"})", 422},
    };
    for (const auto& each : rows)
        EXPECT_EQ(on.act(http::method::post, "/realtime/channels/" + each.channel + "/messages", each.body).status,
                  each.status)
            << each.channel << " " << each.body;
}

TEST_F(RealtimePanel, TakesChannelsWhoseNamesMeanSomethingInAddresses) {
    for (const std::string name : {"../up", "a/b?c#d", "<img src=x onerror=alert(1)>", "läuft 100%", "a..b//c"}) {
        const auto path = "/realtime/channels/" + in_path(name);
        ASSERT_EQ(on.act(http::method::post, path + "/messages", R"({"type":"said"})").status, 200) << name;
        EXPECT_EQ(on.get(path).at("name"), json::value(name));
    }
}

TEST_F(RealtimePanel, ListsConnectionsOfAUserOrAChannel) {
    realtime::test_client anna(hub, {.user = "anna"}, {.remote_address = "10.0.0.1"});
    realtime::test_client bo(hub, {.user = "bo"});
    join(anna, "room:1");
    EXPECT_EQ(on.get("/realtime/clients").at("items").as_array().size(), 2u);
    const auto hers = on.get("/realtime/clients?user=anna").at("items");
    ASSERT_EQ(hers.as_array().size(), 1u);
    EXPECT_EQ(hers.at(0).at("address"), "10.0.0.1");
    EXPECT_EQ(hers.at(0).at("channels").at(0), "room:1");
    EXPECT_EQ(on.get("/realtime/clients?channel=room:1").at("items").as_array().size(), 1u);
    EXPECT_EQ(on.get("/realtime/clients?user=nobody").at("items").as_array().size(), 0u);
}

TEST_F(RealtimePanel, ShowsWhoIsTooSlow) {
    realtime::test_client anna(hub, {.user = "anna"});
    join(anna, "room:1");
    EXPECT_EQ(on.get("/realtime/clients?slow=1").at("items").as_array().size(), 0u);
    anna.stall();
    for (int i = 0; i < 20; ++i)
        publish("room:1", "said", json::value(std::string(30'000, 'x')));
    const auto slow = on.get("/realtime/clients?slow=1").at("items");
    ASSERT_EQ(slow.as_array().size(), 1u);
    EXPECT_EQ(slow.at(0).at("slow"), true);
    EXPECT_GT(slow.at(0).at("queued_bytes").as_int64(), 250'000);
}

TEST_F(RealtimePanel, TellsTheOverviewWhichChannelsLoseMessages) {
    const auto concerns = [this] { return on.loop.get(on.state->concerns.at(0)()); };
    realtime::test_client anna(hub, {.user = "anna"});
    join(anna, "ticks:<b>");
    EXPECT_TRUE(concerns().empty());
    EXPECT_EQ(on.loop.get(on.state->figures.at(0)(std::chrono::minutes(15))).at(0).value, 1.0);
    anna.stall();
    for (int i = 0; i < 60; ++i)
        publish("ticks:<b>", "tick", json::value(std::string(30'000, 'x')));
    const auto found = concerns();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_GT(found[0].count, 10u);
    EXPECT_EQ(found[0].link, "#/realtime/ticks%3A%3Cb%3E");
    time.advance(6min);
    EXPECT_TRUE(concerns().empty());
}

TEST_F(RealtimePanel, DisconnectsAClientAndAUser) {
    realtime::test_client anna(hub, {.user = "anna"}), bo(hub, {.user = "bo"}), bo_too(hub, {.user = "bo"});
    EXPECT_EQ(on.act(http::method::delete_, "/realtime/clients/" + in_path(anna.id())).status, 200);
    on.loop.settle();
    EXPECT_EQ(anna.closed(), realtime::close_code::disconnected);
    EXPECT_EQ(on.act(http::method::delete_, "/realtime/clients/" + in_path(anna.id())).status, 404);
    const auto both = on.act(http::method::delete_, "/realtime/users/bo");
    EXPECT_EQ(json::parse(both.body)->at("disconnected"), 2);
    on.loop.settle();
    EXPECT_TRUE(bo.closed() && bo_too.closed());
}

TEST_F(RealtimePanel, StandsBesideTheRoutesOfTheCommandLine) {
    realtime::add_admin(on.routes, hub, {.allow = [](const http::request&) { return true; }});
    realtime::test_client anna(hub, {.user = "anna"});
    join(anna, "room:1");
    const auto theirs = on.loop.get(on.routes.handle({.target = "/infra/realtime/channels"}));
    EXPECT_TRUE(json::parse(theirs.body)->at("channels").is_array());
    EXPECT_TRUE(on.get("/realtime/channels").at("items").is_array());
    EXPECT_EQ(on.loop.get(on.routes.handle({.target = "/infra/realtime/clients"})).status, 200);
}

TEST(RealtimePanelForReaders, ChangesNothing) {
    mounted on(role::read);
    realtime::hub hub({.on = on.loop.get_executor()});
    add_realtime_panel(on.board(), {.hub = [hub] { return hub; }});
    EXPECT_EQ(on.act(http::method::post, "/realtime/channels/a/messages", R"({"type":"said"})").status, 403);
    EXPECT_EQ(on.act(http::method::delete_, "/realtime/users/bo").status, 403);
    EXPECT_EQ(on.status_of("/realtime/channels"), 200);
}

// --- Who listens --------------------------------------------------------------------------------------------------

struct Listening : RealtimePanel {
    listeners ears{time};
};

TEST_F(Listening, HearsAlsoWhereThereIsNoHistory) {
    const auto ear = ears.in(hub, "news");
    publish("news", "said", {{"n", 1}});
    publish("news", "said", {{"n", 2}});
    const auto all = ear->after(0, 100);
    ASSERT_EQ(all.items.size(), 2u);
    EXPECT_EQ(all.items[1].at("data").at("text"), R"({"n":2})");
    EXPECT_EQ(ear->after(all.next, 100).items.size(), 0u);
    publish("news", "said", {{"n", 3}});
    EXPECT_EQ(ear->after(all.next, 100).items.size(), 1u);
}

TEST_F(Listening, CountsWhatWentBeforeAnybodyLooked) {
    const auto ear = ears.in(hub, "news");
    publish("news", "said");
    const auto begun = ear->after(0, 100).next;
    for (std::size_t i = 0; i < listener::most + 10; ++i)
        publish("news", "said");
    const auto rest = ear->after(begun, 100);
    EXPECT_EQ(rest.items.size(), 100u);
    EXPECT_EQ(rest.skipped, listener::most + 10 - 100);
}

TEST_F(Listening, GoesWhenNobodyLooksAnyMore) {
    ears.in(hub, "news");
    EXPECT_EQ(hub.get_subscribers("news").size(), 1u);
    time.advance(listeners::patience - 1s);
    ears.in(hub, "news");
    time.advance(listeners::patience - 1s);
    ears.sweep();
    EXPECT_EQ(hub.get_subscribers("news").size(), 1u);
    time.advance(2s);
    ears.sweep();
    EXPECT_EQ(hub.get_connected_clients().size(), 0u);
}

TEST_F(Listening, ListensAgainWhenSomebodyHasDisconnectedIt) {
    ears.in(hub, "news");
    hub.disconnect(hub.get_connected_clients().at(0));
    const auto again = ears.in(hub, "news");
    publish("news", "said");
    EXPECT_EQ(again->after(0, 100).items.size(), 1u);
}

TEST_F(Listening, IsBounded) {
    for (std::size_t i = 0; i < listeners::most; ++i)
        ears.in(hub, "news:" + std::to_string(i));
    EXPECT_THROW(ears.in(hub, "news:more"), http::error_response);
    EXPECT_EQ(hub.get_connected_clients().size(), listeners::most);
}

// --- How fast, and what is lost ---------------------------------------------------------------------------------------

TEST(ChannelWatch, TellsHowFastAChannelSpeaks) {
    channel_watch watch;
    manual_clock time;
    const auto look = [&](std::uint64_t published) {
        return watch.look({.name = "a", .published = published}, time.steady(), time.wall()).per_second;
    };
    EXPECT_FALSE(look(100));
    time.advance(10s);
    EXPECT_EQ(look(150), 5.0);
    time.advance(10s);
    EXPECT_EQ(look(170), 2.0);
    time.advance(5s);
    EXPECT_EQ(look(180), 2.0);
    EXPECT_FALSE(look(3)); // the channel was left and came again
}

TEST(ChannelWatch, TellsOfDropsUntilTheyAreOver) {
    channel_watch watch;
    manual_clock time;
    const auto look = [&](std::uint64_t dropped) {
        return watch.look({.name = "a", .dropped = dropped}, time.steady(), time.wall()).dropped_lately;
    };
    EXPECT_EQ(look(0), 0u);
    EXPECT_EQ(look(7), 7u);
    time.advance(4min);
    EXPECT_EQ(look(9), 9u);
    ASSERT_EQ(watch.dropping(time.steady()).size(), 1u);
    time.advance(6min);
    EXPECT_EQ(look(9), 0u);
    EXPECT_TRUE(watch.dropping(time.steady()).empty());
    EXPECT_EQ(look(10), 1u);
}

TEST(ChannelWatch, RemembersNoMoreThanItMay) {
    channel_watch watch;
    manual_clock time;
    for (std::size_t i = 0; i <= channel_watch::most; ++i)
        watch.look({.name = std::to_string(i)}, time.steady(), time.wall());
    time.advance(1min);
    EXPECT_FALSE(watch.look({.name = "beyond"}, time.steady(), time.wall()).per_second);
    time.advance(10min);
    watch.look({.name = "beyond"}, time.steady(), time.wall());
    time.advance(10s);
    EXPECT_TRUE(watch.look({.name = "beyond"}, time.steady(), time.wall()).per_second);
}

} // namespace
} // namespace infra::dashboard
