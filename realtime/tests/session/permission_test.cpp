// What a client may do: the hook, the handlers, signed names.
#include "support.hpp"

#include <infra/realtime/signed_channel.hpp>

#include <stdexcept>

namespace infra::realtime {
namespace {

const std::string key = "0123456789abcdef";

class SessionPermission : public Session {
protected:
    name_list tries(test_client& by) {
        name_list all;
        by.say({.what = {.type = "subscribe", .channel = "c"}, .ref = "1"});
        by.say({.what = {"publish", "c", {{"type", "m"}}}, .ref = "2"});
        by.say({.what = {.type = "presence", .channel = "c"}, .ref = "3"});
        by.say({.what = {.type = "history", .channel = "c"}, .ref = "4"});
        settle();
        for (auto& each : names(by.heard()))
            if (each != "m")
                all.push_back(each);
        return all;
    }
    const name_list all_refused{"error:forbidden", "error:forbidden", "error:forbidden", "error:forbidden"};
};

TEST_F(SessionPermission, IsAskedForEachActionWithAllThatIsKnown) {
    std::vector<access_request> asked;
    make_hub({.authorize = [&](access_request a) {
        asked.push_back(a);
        return a.what != action::publish;
    }});
    auto& anna = connect({.user = "anna", .info = 7});
    auto m = subscribe_to("c");
    m.token = "t";
    said(anna, m);
    EXPECT_EQ(tries(anna), (name_list{"subscribed", "error:forbidden", "members", "history"}));
    ASSERT_EQ(asked.size(), 5u);
    EXPECT_EQ(asked[0].client, anna.id());
    EXPECT_EQ(asked[0].who.user, "anna");
    EXPECT_EQ(asked[0].who.info, 7);
    EXPECT_EQ(asked[0].channel, "c");
    EXPECT_EQ(asked[0].token, "t");
    EXPECT_EQ(asked[4].what, action::history);
}

TEST_F(SessionPermission, OfAHookThatThrowsIsNone) {
    make_hub({.authorize = [](access_request) -> bool { throw std::runtime_error("the database is down"); }});
    auto& anna = connect();
    EXPECT_EQ(tries(anna), all_refused);
    EXPECT_EQ(anna.closed(), std::nullopt);
}

TEST_F(SessionPermission, OfACoroutineIsWaitedForInTurn) {
    make_hub({.authorize = [this](access_request a) -> awaitable<bool> {
        co_await time.sleep_for(1s);
        if (a.channel == "throws")
            throw std::runtime_error("no");
        co_return a.channel == "c";
    }});
    auto& anna = connect();
    for (const auto* name : {"c", "other", "throws"})
        anna.say(subscribe_to(name, name));
    for (int i = 0; i < 3; ++i) {
        settle();
        EXPECT_EQ(anna.heard().size(), i == 0 ? 0u : 1u);
        time.advance(1s);
    }
    settle();
    EXPECT_EQ(names(anna.heard()), name_list{"error:forbidden"});
    EXPECT_EQ(the_hub().get_channels(), name_list{"c"});
}

TEST_F(SessionPermission, OfAHookThatHangsIsNone) {
    bool cancelled = false;
    make_hub({.authorize = [&](access_request) -> awaitable<bool> {
        try {
            co_await time.sleep_until(steady_time::max());
        } catch (...) {
            cancelled = true;
        }
        co_return true;
    }});
    auto& anna = connect();
    anna.say(subscribe_to("c"));
    settle();
    time.advance(10s);
    settle();
    EXPECT_TRUE(cancelled);
}

TEST_F(SessionPermission, IsOfNoUseToAClientThatHasGoneMeanwhile) {
    make_hub({.authorize = [this](access_request) -> awaitable<bool> {
        co_await time.sleep_for(1s);
        co_return true;
    }});
    auto& anna = connect();
    anna.say(subscribe_to("c"));
    settle();
    anna.drop();
    time.advance(1s);
    settle();
    EXPECT_TRUE(the_hub().get_channels().empty());
    EXPECT_FALSE(the_hub().find_channel("c"));
}

TEST_F(SessionPermission, WithoutAHookIsThatOfTheHandlers) {
    auto& hub = make_hub({});
    hub.on_message([&hub](client_id from, message m) {
        if (m.type == "subscribe" && m.channel.starts_with("c"))
            hub.subscribe(m.channel, from);
    });
    auto& anna = connect();
    EXPECT_EQ(tries(anna), (name_list{"subscribed", "error:forbidden", "error:forbidden", "error:forbidden"}));
    EXPECT_EQ(names(said(anna, subscribe_to("other"))), name_list{"error:forbidden"});
    EXPECT_EQ(hub.get_channels(), name_list{"c"});
}

TEST_F(SessionPermission, WithoutAHookOrHandlersIsNone) {
    make_hub({});
    auto& anna = connect();
    EXPECT_EQ(tries(anna), all_refused);
}

TEST_F(SessionPermission, OfAHandlerThatIsACoroutineResumesToo) {
    auto& hub = make_hub({.channels = {{"r:*", {.history = {.size = 10}}}}});
    hub.on_message("subscribe", [this, &hub](client_id from, message m) -> awaitable<void> {
        co_await time.sleep_for(1s);
        hub.subscribe(m.channel, from);
    });
    auto& anna = connect();
    anna.say(subscribe_to("r:1", "x"));
    settle();
    time.advance(1s);
    settle();
    const auto place = only(anna.heard());
    EXPECT_EQ(place.type, "subscribed");
    EXPECT_EQ(place.ref, "x");
    anna.drop();
    hub.publish("r:1", {.type = "missed"});
    anna.reconnect();
    settle();
    hub.publish("r:1", {.type = "meanwhile"});
    time.advance(1s);
    settle();
    EXPECT_EQ(names(anna.heard()), (name_list{"welcome", "subscribed", "missed", "meanwhile"}));
}

TEST_F(SessionPermission, OfASignedNameNeedsNoHook) {
    make_hub({.signing_keys = {key}});
    auto& anna = connect({.user = "anna"});
    auto m = subscribe_to("orders:17");
    m.token = sign_channel("orders:17", key, {.user = "anna", .expires_at = time.wall() + 1h});
    EXPECT_EQ(names(said(anna, m)), name_list{"subscribed"});
    m.what.channel = "orders:18";
    EXPECT_EQ(names(said(anna, m)), name_list{"error:forbidden"});
    auto& bert = connect({.user = "bert"});
    m.what.channel = "orders:17";
    EXPECT_EQ(names(said(bert, m)), name_list{"error:forbidden"});
    time.advance(1h);
    said(anna, {.what = {.type = "unsubscribe", .channel = "orders:17"}});
    EXPECT_EQ(names(said(anna, m)), name_list{"error:forbidden"});
}

TEST_F(SessionPermission, OfASignedNameEndsWithItsToken) {
    auto& hub = make_hub({.authorize = [](access_request a) { return a.token == "mine"; }, .signing_keys = {key}});
    run_hub();
    auto& anna = connect({.user = "anna"});
    const auto opens = [&](const std::string& channel, std::chrono::seconds from_now) {
        auto m = subscribe_to(channel);
        m.token = sign_channel(channel, key, {.expires_at = time.wall() + from_now});
        EXPECT_EQ(names(said(anna, m)), name_list{"subscribed"});
    };
    opens("short", 10s);
    opens("renewed", 10s);
    opens("left", 10s);
    opens("allowed", 10s);
    pass(5s);
    opens("renewed", 100s);
    said(anna, {.what = {.type = "unsubscribe", .channel = "left"}});
    auto by_hook = subscribe_to("allowed");
    by_hook.token = "mine";
    said(anna, by_hook);
    pass(4s);
    EXPECT_EQ(names(anna.heard()), name_list{});
    pass(3s);
    const auto told = only(anna.heard());
    EXPECT_EQ(told.type, "unsubscribed");
    EXPECT_EQ(told.channel, "short");
    EXPECT_EQ(told.data, (json::value{{"code", "expired"}}));
    hub.publish("short", {.type = "secret"});
    hub.publish("renewed", {.type = "fresh"});
    hub.publish("allowed", {.type = "free"});
    settle();
    EXPECT_EQ(names(anna.heard()), (name_list{"fresh", "free"}));
    EXPECT_FALSE(anna.closed());
}

TEST_F(SessionPermission, OfASignedNameOutlivesItsKeyUntilThatIsTakenAway) {
    make_hub({.signing_keys = {"a new key that is long", key}});
    auto m = subscribe_to("c");
    m.token = sign_channel("c", key);
    EXPECT_EQ(names(said(connect(), m)), name_list{"subscribed"});
    m.token = sign_channel("c", "another key, which it was never");
    EXPECT_EQ(names(said(connect(), m)), name_list{"error:forbidden"});
}

TEST_F(SessionPermission, OfABadSignedNameIsAskedOfTheHook) {
    make_hub({.authorize = [](access_request a) { return a.token == "mine"; }, .signing_keys = {key}});
    auto m = subscribe_to("c");
    m.token = "mine";
    EXPECT_EQ(names(said(connect(), m)), name_list{"subscribed"});
}

TEST_F(SessionPermission, IsAskedAgainWhenAClientComesBack) {
    bool open = true;
    make_hub({.authorize = [&](access_request) { return open; }});
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    open = false;
    anna.reconnect();
    settle();
    EXPECT_EQ(names(anna.heard()), (name_list{"welcome", "error:forbidden"}));
}

} // namespace
} // namespace infra::realtime
