// Who a client is, and until when.
#include "support.hpp"

#include <stdexcept>

namespace infra::realtime {
namespace {

class SessionIdentity : public Session {
protected:
    hub_options with_tokens() {
        auto options = open_options();
        options.authenticate = [this](handshake h) {
            seen = h;
            if (h.token.empty() || h.token == "bad")
                throw std::runtime_error("no such token");
            return identity{.user = h.token, .expires_at = time.wall() + 60s};
        };
        return options;
    }
    std::shared_ptr<testing::outcome<identity>> asked(handshake from) {
        auto done = loop.spawn(authenticate(the_hub(), std::move(from)));
        settle();
        return done;
    }
    name_list authed(test_client& by, std::string token) {
        return names(said(by, {.what = {.type = "auth"}, .ref = "a", .token = std::move(token)}));
    }
    std::optional<handshake> seen;
};

TEST_F(SessionIdentity, IsNobodyWithoutAHook) { EXPECT_EQ(asked({})->value.value().user, ""); }

TEST_F(SessionIdentity, IsWhatTheHookSaysOfTheHandshake) {
    make_hub(with_tokens());
    const auto done =
        asked({.headers = {{"sec-websocket-protocol", "infra.realtime.v1, token.anna"}, {"cookie", "a=1"}},
               .query = "x=1",
               .remote_address = "192.0.2.1"});
    EXPECT_EQ(done->value.value().user, "anna");
    EXPECT_EQ(seen->cookie("a"), "1");
    EXPECT_EQ(seen->parameter("x"), "1");
    EXPECT_EQ(seen->remote_address, "192.0.2.1");
}

TEST_F(SessionIdentity, IsRefusedWithoutSayingWhy) {
    make_hub(with_tokens());
    const auto done = asked({.token = "bad"});
    EXPECT_EQ(done->code(), errc::forbidden);
    EXPECT_EQ(done->what().find("no such token"), std::string::npos);
}

TEST_F(SessionIdentity, IsRefusedWhenTheHookTakesTooLong) {
    auto options = open_options();
    options.authenticate = [this](handshake) -> awaitable<identity> {
        co_await time.sleep_until(steady_time::max());
        co_return identity{};
    };
    make_hub(options);
    const auto done = asked({});
    time.advance(10s - 1ms);
    settle();
    EXPECT_FALSE(done->done());
    time.advance(1ms);
    settle();
    EXPECT_EQ(done->code(), errc::forbidden);
}

TEST_F(SessionIdentity, IsRefusedWhenItsUserIsDisconnectedWhileItIsProved) {
    auto options = open_options();
    options.authenticate = [this](handshake) -> awaitable<identity> {
        co_await time.sleep_for(1s);
        co_return identity{.user = "anna"};
    };
    make_hub(options);
    const auto done = asked({});
    auto& late = connect({.proved = false});
    late.say(client_message{.what = {.type = "auth"}, .token = "t"});
    settle();
    the_hub().disconnect_user("anna");
    time.advance(1s);
    settle();
    EXPECT_EQ(done->code(), errc::forbidden);
    EXPECT_EQ(late.closed(), close_code::disconnected);
    const auto again = asked({});
    the_hub().disconnect_user("ben");
    time.advance(1s);
    settle();
    EXPECT_EQ(again->value.value().user, "anna") << "whoever comes later comes in";
}

TEST_F(SessionIdentity, IsRefusedWhenItsUserIsDisconnectedBetweenTheProofAndTheSession) {
    auto options = open_options();
    options.authenticate = [](handshake) { return identity{.user = "anna"}; };
    std::string news;
    make_hub(options).on_connect([&](client_id, close_code) { news += "+"; });
    the_hub().on_disconnect([&](client_id, close_code) { news += "-"; });
    const auto proved = asked({})->value.value();
    EXPECT_EQ(the_hub().disconnect_user("anna"), 0u);
    auto& late = connect(proved);
    EXPECT_EQ(late.closed(), close_code::disconnected);
    EXPECT_TRUE(late.heard().empty());
    EXPECT_TRUE(the_hub().get_connected_clients().empty());
    EXPECT_EQ(news, "");
    EXPECT_EQ(connect(asked({})->value.value()).closed(), std::nullopt) << "whoever comes later comes in";
}

TEST_F(SessionIdentity, IsNoneWhenWhoeverAskedHasGivenUp) {
    auto options = open_options();
    options.auth_by_message = true; // which must not make somebody of it
    options.authenticate = [this](handshake) -> awaitable<identity> {
        co_await time.sleep_until(steady_time::max());
        co_return identity{};
    };
    make_hub(options);
    asio::cancellation_signal cancel;
    const auto done = loop.spawn(authenticate(the_hub(), {}), cancel.slot());
    settle();
    loop.cancel(cancel);
    settle();
    EXPECT_EQ(done->code(), asio::error::operation_aborted);
}

TEST_F(SessionIdentity, MayBeProvedByTheFirstMessage) {
    auto options = with_tokens();
    options.auth_by_message = true;
    make_hub(options);
    const auto first = asked({.remote_address = "192.0.2.1"})->value.value();
    EXPECT_FALSE(first.proved);
    auto& anna = connect(first, {.remote_address = "192.0.2.1"});
    EXPECT_EQ(names(said(anna, subscribe_to("c"))), name_list{"error:forbidden"});
    EXPECT_EQ(names(said(anna, {.what = {.type = "anything"}})), name_list{"error:forbidden"});
    EXPECT_EQ(names(said(anna, {.what = {.type = "ping"}})), name_list{"pong"});
    EXPECT_EQ(authed(anna, "anna"), name_list{"authenticated"});
    EXPECT_EQ(seen->remote_address, "192.0.2.1");
    EXPECT_EQ(the_hub().find_client(anna.id())->user, "anna");
    EXPECT_EQ(names(said(anna, subscribe_to("c"))), name_list{"subscribed"});
}

TEST_F(SessionIdentity, ThatIsNotProvedHearsNothingAndIsNobodysNews) {
    std::string news;
    make_hub(with_tokens()).on_connect([&](client_id, close_code) { news += "+"; });
    the_hub().on_disconnect([&](client_id, close_code) { news += "-"; });
    auto& stranger = connect({.proved = false});
    auto& anna = connect({.proved = false});
    authed(anna, "anna");
    EXPECT_EQ(news, "+");
    the_hub().broadcast({.type = "to all"});
    settle();
    EXPECT_EQ(names(anna.heard()), name_list{"to all"});
    EXPECT_TRUE(stranger.heard().empty());
    stranger.drop();
    anna.drop();
    settle();
    EXPECT_EQ(news, "+-");
}

TEST_F(SessionIdentity, BringsNoChannelWithoutAName) {
    test_client anna(the_hub(), {.user = "anna\n", .channels = {"", "user:anna\n", std::string(256, 'c'), "good"}});
    settle();
    EXPECT_EQ(the_hub().get_channels(), name_list{"good"});
}

TEST_F(SessionIdentity, ProvedByNothingAtAllIsRefusedAtOnceWhereThatIsNotWanted) {
    auto options = with_tokens();
    options.auth_by_message = true;
    make_hub(options);
    EXPECT_EQ(asked({.token = "bad"})->code(), errc::forbidden) << "a token that is bad will not get better";
}

TEST_F(SessionIdentity, HasToBeProvedInTime) {
    auto options = with_tokens();
    options.auth_by_message = true;
    make_hub(options);
    run_hub();
    auto& anna = connect({.proved = false});
    pass(9s);
    EXPECT_EQ(anna.closed(), std::nullopt);
    pass(2s);
    EXPECT_EQ(anna.closed(), close_code::unauthorized);
}

TEST_F(SessionIdentity, HasToBeProvedInTimeAlsoWhereTheHubDoesNotRun) {
    make_hub(with_tokens());
    auto& anna = connect({.proved = false});
    time.advance(10s);
    EXPECT_EQ(authed(anna, "anna"), name_list{}) << "too late";
    EXPECT_EQ(anna.closed(), close_code::unauthorized);
}

TEST_F(SessionIdentity, ThatIsRefusedLaterClosesTheConnection) {
    make_hub(with_tokens());
    auto& anna = connect({.user = "anna"});
    EXPECT_EQ(authed(anna, "bad"), name_list{});
    EXPECT_EQ(anna.closed(), close_code::unauthorized);
}

TEST_F(SessionIdentity, StaysThatOfOneUser) {
    make_hub(with_tokens());
    auto& anna = connect({.user = "anna"});
    EXPECT_EQ(authed(anna, "anna"), name_list{"authenticated"});
    EXPECT_EQ(authed(anna, "bert"), name_list{});
    EXPECT_EQ(anna.closed(), close_code::unauthorized);
}

TEST_F(SessionIdentity, CountsForTheUsersLimitOnceItIsProved) {
    auto options = with_tokens();
    options.limits.max_clients_per_user = 1;
    make_hub(options);
    connect({.user = "anna"});
    auto& second = connect({.proved = false});
    EXPECT_EQ(authed(second, "anna"), name_list{});
    EXPECT_EQ(second.closed(), close_code::too_many_connections);
}

TEST_F(SessionIdentity, IsAskedForAgainWhenItsTokenEnds) {
    make_hub(with_tokens());
    run_hub();
    auto& anna = connect({.user = "anna", .expires_at = time.wall() + 5s});
    pass(4s);
    EXPECT_TRUE(anna.heard().empty());
    pass(2s);
    EXPECT_EQ(only(anna.heard()), (message{.type = "refresh", .data = {{"within", 10'000}}}));
    EXPECT_EQ(authed(anna, "anna"), name_list{"authenticated"});
    pass(58s);
    EXPECT_TRUE(anna.heard().empty());
    pass(3s);
    EXPECT_EQ(names(anna.heard()), name_list{"refresh"});
    pass(11s);
    EXPECT_EQ(anna.closed(), close_code::token_expired);
    EXPECT_TRUE(may_reconnect(*anna.closed()));
}

TEST_F(SessionIdentity, ThatHasExpiredAlreadyIsAskedForAtOnce) {
    make_hub(with_tokens());
    run_hub();
    auto& anna = connect({.user = "anna", .expires_at = time.wall() - 1h});
    pass(2s);
    EXPECT_EQ(names(anna.heard()), name_list{"refresh"});
}

TEST_F(SessionIdentity, IsSubscribedToWhatANewTokenBrings) {
    auto options = open_options();
    options.authenticate = [](handshake) { return identity{.user = "anna", .channels = {"user:anna"}}; };
    make_hub(options);
    auto& anna = connect({.proved = false});
    EXPECT_EQ(authed(anna, "t"), (name_list{"authenticated", "subscribed"}));
}

TEST_F(SessionIdentity, IsWhatTheHookIsToldWithEachAction) {
    auto options = with_tokens();
    std::string user;
    options.authorize = [&](access_request a) { return user = a.who.user, true; };
    make_hub(options);
    auto& anna = connect({.proved = false});
    authed(anna, "anna");
    said(anna, subscribe_to("c"));
    EXPECT_EQ(user, "anna");
}

TEST_F(SessionIdentity, CanBeDisconnectedOnAllItsConnections) {
    make_hub(with_tokens());
    auto& one = connect({.user = "anna"});
    auto& two = connect({.proved = false});
    authed(two, "anna");
    auto& bert = connect({.user = "bert"});
    EXPECT_EQ(the_hub().disconnect_user("anna"), 2u);
    settle();
    EXPECT_EQ(one.closed(), close_code::disconnected);
    EXPECT_EQ(two.closed(), close_code::disconnected);
    EXPECT_EQ(bert.closed(), std::nullopt);
}

} // namespace
} // namespace infra::realtime
