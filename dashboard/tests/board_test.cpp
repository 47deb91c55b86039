#include "support.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <tuple>
#include <vector>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

awaitable<http::response> nothing(acting, http::request) { co_return http::response::no_content(); }

struct Board : ::testing::Test {
    manual_clock time;
    mounted on{role::operate, &time};
    dashboard::board board = on.board();

    http::response ask(http::method how, std::string path, http::headers headers) {
        return on.loop.get(on.routes.handle({.method = how, .target = "/infra" + path, .headers = std::move(headers)}));
    }
};

TEST_F(Board, ShowsWhatAPanelAnswers) {
    board.show("/plain", [](const http::request& r) { return http::response::ok({{"q", r.query("q").value_or("")}}); });
    board.show("/later", [](http::request) -> awaitable<http::response> { co_return http::response::ok({{"n", 2}}); });
    board.show("/seen", [this](const http::request& r) -> awaitable<http::response> {
        co_await asio::post(on.loop.get_executor(), asio::use_awaitable);
        co_return http::response::ok({{"q", r.query("q").value_or("")}});
    });
    EXPECT_EQ(on.get("/plain?q=x").at("q"), "x");
    EXPECT_EQ(on.get("/later").at("n"), 2);
    EXPECT_EQ(on.get("/seen?q=y").at("q"), "y");
}

TEST_F(Board, ActsAndRecordsWhoDidIt) {
    acting seen;
    board.act(http::method::delete_, "/keys/{key...}", "remove a key",
              [&](acting by, http::request r) -> awaitable<http::response> {
                  seen = by;
                  co_return http::response::ok({{"removed", r.param("key")}});
              });
    const auto answer = on.act(http::method::delete_, "/keys/a/b%20c");
    EXPECT_EQ(answer.body, R"({"removed":"a/b c"})");
    EXPECT_EQ(seen.who, "service");
    EXPECT_EQ(seen.address, "127.0.0.1");
    const auto recorded = on.state->actions().before(0, 10).items;
    ASSERT_EQ(recorded.size(), 1u);
    EXPECT_EQ(recorded[0].at("what"), "remove a key");
    EXPECT_EQ(recorded[0].at("path"), "/keys/a/b c");
}

TEST_F(Board, RecordsAlsoWhatWasBrokenOffByWhoAsked) {
    board.act(http::method::post, "/long", "take long", [this](acting, http::request) -> awaitable<http::response> {
        co_await time.sleep_for(10s);
        co_return http::response::no_content();
    });
    asio::cancellation_signal hangs_up;
    const auto asked = on.loop.spawn(
        on.routes.handle({.method = http::method::post, .target = "/infra/api/long", .headers = of_our_page()}),
        hangs_up.slot());
    on.loop.settle();
    on.loop.cancel(hangs_up);
    on.loop.until([&] { return asked->done(); });
    const auto recorded = on.state->actions().before(0, 10).items;
    ASSERT_EQ(recorded.size(), 1u);
    EXPECT_EQ(recorded[0].at("what"), "take long");
    EXPECT_EQ(recorded[0].at("outcome"), "failed");
}

TEST_F(Board, TakesABodyWhileItComes) {
    board.act(http::method::put, "/objects/{key}", "upload",
              [](acting, http::request, http::body_reader body) -> awaitable<http::response> {
                  body.set_limit(100);
                  co_return http::response::ok({{"got", (co_await body.read()).size()}});
              });
    EXPECT_EQ(on.act(http::method::put, "/objects/a", "12345").body, R"({"got":5})");
    EXPECT_EQ(on.act(http::method::put, "/objects/a", std::string(101, 'x')).status, 413);
    EXPECT_EQ(on.state->actions().before(0, 10).items[0].at("outcome"), "refused");
}

TEST_F(Board, WhatTakesTooLongIs504) {
    board.show("/stuck", [this](http::request) -> awaitable<http::response> {
        co_await time.sleep_until(steady_time::max());
        co_return http::response::ok({});
    });
    const auto asked = on.loop.spawn(on.routes.handle({.target = "/infra/api/stuck", .headers = of_our_page()}));
    on.loop.settle();
    time.advance(5s);
    on.loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->value->status, 504);
}

TEST_F(Board, PanelsThrowAndTheAnswerSaysIt) {
    board.show("/down", [](http::request) -> awaitable<http::response> {
        throw error(errc::unavailable, "Redis does not answer");
        co_return http::response();
    });
    const auto answer = on.ask(http::method::get, "/down");
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("Redis does not answer"), std::string::npos);
    EXPECT_TRUE(answer.headers.contains("Content-Security-Policy"));
}

// What the dashboard does for itself is not the service's work.
TEST_F(Board, LookingLeavesNoTelemetryAndActingDoes) {
    testing::captured_telemetry told;
    board.show("/looks", [](const http::request&) {
        telemetry::log(level::info, "queue", "counted");
        return http::response::ok({});
    });
    board.act(http::method::post, "/does", "do it", [](acting, http::request) -> awaitable<http::response> {
        telemetry::log(level::info, "queue", "retried");
        co_return http::response::ok({});
    });
    on.get("/looks");
    on.act(http::method::post, "/does");
    EXPECT_EQ(told.everything().find("counted"), std::string::npos);
    EXPECT_NE(told.everything().find("retried"), std::string::npos);
}

TEST_F(Board, SaysWhoLooksAndWhatThereIs) {
    board.page("queues");
    const auto session = on.get("/session");
    EXPECT_EQ(session.at("service"), "shop");
    EXPECT_EQ(session.at("version"), "1.2.3");
    EXPECT_EQ(session.at("environment"), "test");
    EXPECT_EQ(session.at("role"), "operate");
    EXPECT_EQ(session.at("pages"), (json::array{"queues"}));
    EXPECT_EQ(session.at("now"), to_unix_ms(time.wall()));
}

TEST_F(Board, UnknownPathsAreNotFoundWithTheSameHeaders) {
    for (const auto& path : {"/api/nothing", "/api/", "/assets/none.js"}) {
        const auto answer = ask(http::method::get, path, of_our_page());
        EXPECT_EQ(answer.status, 404) << path;
        EXPECT_EQ(answer.headers.get("X-Content-Type-Options"), "nosniff") << path;
    }
    EXPECT_EQ(ask(http::method::post, "/api/session", of_our_page()).status, 404);
}

TEST_F(Board, HandleOfABoardThatHasEndedDoesNothing) {
    board.show("/x", [](const http::request&) { return http::response::ok({}); });
    on.state.reset();
    board.tell({.text = "late"});
    EXPECT_EQ(on.ask(http::method::get, "/x").status, 503);
    EXPECT_EQ(ask(http::method::get, "/", of_our_page()).status, 503);
    EXPECT_THROW(board.page("more"), std::logic_error);
}

TEST(BoardOptions, NameTheBadOne) {
    const auto opening = [](dashboard_options options) {
        http::router routes;
        board_state::open(routes, std::move(options), {});
    };
    for (const char* path : {"", "/", "infra", "/infra/", "/in fra", "//infra", "/infra\"><script>", "/{x}"})
        EXPECT_THROW(opening({.path = path}), std::invalid_argument) << path;
    EXPECT_THROW(opening({.session = 0s}), std::invalid_argument);
    EXPECT_THROW(opening({.max_viewers = 0}), std::invalid_argument);
    EXPECT_THROW(opening({.time = nullptr}), std::invalid_argument);
    EXPECT_NO_THROW(opening({.path = "/admin/ops"}));
}

// --- Who may -----------------------------------------------------------------------------------------------------------

/// With the link, as by default.
struct ByLink : ::testing::Test {
    manual_clock time;
    testing::test_loop loop;
    http::router routes;
    std::shared_ptr<board_state> state =
        board_state::open(routes, {.time = &time}, {.service = "shop", .admin_token = "the-operators-token"});

    ByLink() { state->on().act(http::method::post, "/deed", "do it", nothing); }

    http::response ask(http::method how, const std::string& target, http::headers headers = {},
                       const std::string& from = "127.0.0.1") {
        if (!headers.contains("Host"))
            headers.set("Host", "localhost:3000");
        return loop.get(
            routes.handle({.method = how, .target = target, .headers = std::move(headers), .remote_address = from}));
    }
    http::response get(const std::string& target, http::headers headers = {}) {
        return ask(http::method::get, target, std::move(headers));
    }

    std::string link() {
        const auto whole = state->login_link("http://localhost:3000", 1h);
        return whole.substr(std::string("http://localhost:3000").size());
    }

    std::string cookie() {
        const auto answer = get(link());
        EXPECT_EQ(answer.status, 303);
        const std::string set(answer.headers.get("Set-Cookie").value_or(""));
        return set.substr(0, set.find(';'));
    }

    http::headers ours(const std::string& with_cookie) {
        auto h = of_our_page();
        h.set("Host", "localhost:3000");
        h.set("Cookie", with_cookie);
        return h;
    }
};

TEST_F(ByLink, LogsInOnceAndForTwelveHours) {
    const auto address = link();
    const auto answer = get(address);
    EXPECT_EQ(answer.status, 303);
    EXPECT_EQ(answer.headers.get("Location"), "/infra/");
    const std::string set(answer.headers.get("Set-Cookie").value_or(""));
    EXPECT_TRUE(set.starts_with("infra_dashboard_3000="));
    for (const char* part : {"; Path=/infra;", "; Max-Age=43200", "; HttpOnly", "; SameSite=Strict"})
        EXPECT_NE(set.find(part), std::string::npos) << set;
    EXPECT_EQ(set.find("Secure"), std::string::npos) << "there is no TLS";
    const auto mine = set.substr(0, set.find(';'));
    EXPECT_EQ(get("/infra/api/session", ours(mine)).status, 200);
    EXPECT_EQ(ask(http::method::post, "/infra/api/deed", ours(mine)).status, 204);
    EXPECT_EQ(get(address).status, 401) << "a second time";
    time.advance(12h);
    EXPECT_EQ(get("/infra/api/session", ours(mine)).status, 401);
}

TEST_F(ByLink, UsedLinkLeadsWhoIsLoggedInToThePage) {
    const auto address = link();
    const std::string set(get(address).headers.get("Set-Cookie").value_or(""));
    EXPECT_EQ(get(address, {{"Cookie", set.substr(0, set.find(';'))}}).status, 303);
}

TEST_F(ByLink, LinkIsNotSpentByWhatIsNoVisit) {
    const auto address = link();
    EXPECT_EQ(ask(http::method::head, address).status, 403);
    EXPECT_EQ(get(address, {{"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Site", "cross-site"}}).status, 403)
        << "a picture";
    EXPECT_EQ(ask(http::method::get, address, {}, "10.0.0.7").status, 403) << "from elsewhere";
    EXPECT_EQ(get(address, {{"Host", "evil.example"}}).status, 421);
    EXPECT_EQ(get(address, {{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Site", "cross-site"}}).status, 303)
        << "from a mail or a chat";
}

TEST_F(ByLink, NobodyGetsInWithoutALink) {
    EXPECT_EQ(get("/infra/api/session").status, 401);
    EXPECT_EQ(get("/infra/api/live?topic=feed").status, 401);
    EXPECT_EQ(get("/infra/api/session", {{"Cookie", "infra_dashboard_3000=guessed"}}).status, 401);
    EXPECT_EQ(get("/infra/login?token=guessed").status, 401);
    EXPECT_EQ(get("/infra/login").status, 401);
    EXPECT_EQ(get("/infra").status, 200) << "the page itself is the same for everybody, and asks to log in";
}

TEST_F(ByLink, OtherMachinesGetNothingAtAll) {
    const auto mine = cookie();
    for (const auto& path :
         {"/infra", "/infra/", "/infra/api/session", "/infra/api/live?topic=feed", "/infra/assets/x.js"}) {
        EXPECT_EQ(ask(http::method::get, path, ours(mine), "192.168.1.9").status, 403) << path;
        auto proxied = ours(mine);
        proxied.set("X-Forwarded-For", "203.0.113.7");
        EXPECT_EQ(get(path, std::move(proxied)).status, 403) << path;
        auto rebound = ours(mine);
        rebound.set("Host", "rebound.example:3000");
        EXPECT_EQ(get(path, std::move(rebound)).status, 421) << path;
    }
}

TEST_F(ByLink, AnotherSiteCannotMakeABrowserAct) {
    const auto mine = cookie();
    const auto attempt = [&](http::headers with) {
        with.set("Cookie", mine);
        return ask(http::method::post, "/infra/api/deed", std::move(with)).status;
    };
    EXPECT_EQ(attempt({{"Sec-Fetch-Site", "same-origin"}, {"X-Infra-Dashboard", "1"}}), 204);
    EXPECT_EQ(attempt({{"Origin", "http://localhost:3000"}, {"X-Infra-Dashboard", "1"}}), 204);
    EXPECT_EQ(attempt({{"Sec-Fetch-Site", "same-origin"}}), 403) << "a form";
    EXPECT_EQ(attempt({{"Sec-Fetch-Site", "cross-site"}, {"X-Infra-Dashboard", "1"}}), 403);
    EXPECT_EQ(attempt({{"Sec-Fetch-Site", "same-site"}, {"X-Infra-Dashboard", "1"}}), 403) << "another port";
    EXPECT_EQ(attempt({{"Sec-Fetch-Site", "none"}, {"X-Infra-Dashboard", "1"}}), 403);
    EXPECT_EQ(attempt({{"Origin", "http://evil.example"}, {"X-Infra-Dashboard", "1"}}), 403);
    EXPECT_EQ(attempt({{"Origin", "null"}, {"X-Infra-Dashboard", "1"}}), 403);
    EXPECT_EQ(attempt({{"X-Infra-Dashboard", "1"}}), 403);
    EXPECT_EQ(attempt({}), 403);
    EXPECT_EQ(state->actions().how_far().entries, 2u) << "what never came to it is not recorded";
}

TEST_F(ByLink, OperatorsTokenIsGoodFromAnywhere) {
    const http::headers with{{"Authorization", "Bearer the-operators-token"}, {"Host", "shop.example"}};
    EXPECT_EQ(ask(http::method::get, "/infra/api/session", with, "203.0.113.7").status, 200);
    EXPECT_EQ(ask(http::method::post, "/infra/api/deed", with, "203.0.113.7").status, 204);
    EXPECT_EQ(state->actions().before(0, 1).items[0].at("who"), "token");
}

TEST_F(ByLink, TooManyWrongTokensAreNotComparedAnyMore) {
    const http::headers wrong{{"Authorization", "Bearer wrong"}};
    for (int i = 0; i < 10; ++i)
        EXPECT_NE(ask(http::method::get, "/infra/api/session", wrong, "203.0.113.7").status, 429) << i;
    const http::headers right{{"Authorization", "Bearer the-operators-token"}};
    const auto refused = ask(http::method::get, "/infra/api/session", right, "203.0.113.7");
    EXPECT_EQ(refused.status, 429);
    EXPECT_TRUE(refused.headers.contains("Retry-After"));
    EXPECT_EQ(ask(http::method::get, "/infra/api/session", right, "203.0.113.8").status, 200);
    time.advance(1min);
    EXPECT_EQ(ask(http::method::get, "/infra/api/session", right, "203.0.113.7").status, 200);
    for (int i = 0; i < 10; ++i)
        get("/infra/login?token=" + std::to_string(i));
    EXPECT_EQ(get(link()).status, 429);
}

TEST_F(ByLink, AnotherSitesFramesKeepNobodyOut) {
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(get("/infra/login?token=x",
                      {{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Site", "cross-site"}})
                      .status,
                  403);
    const auto mine = cookie();
    for (int i = 0; i < 30; ++i)
        get("/infra/login?token=" + std::to_string(i));
    EXPECT_EQ(get("/infra/api/session").status, 429);
    EXPECT_EQ(get("/infra/api/session", ours(mine)).status, 200) << "who is in guesses nothing";
}

TEST_F(ByLink, StreamEndsWithItsSession) {
    auto mine = ours(cookie());
    const auto looking = loop.spawn(routes.handle({.target = "/infra/api/live?topic=feed", .headers = mine}));
    loop.settle();
    EXPECT_FALSE(looking->done());
    ask(http::method::delete_, "/infra/api/session", mine);
    for (int i = 0; i < 2 && !looking->done(); ++i) {
        time.advance(15s);
        loop.settle();
    }
    EXPECT_TRUE(looking->done());
    state->stop();
}

TEST_F(ByLink, LoggingOutEndsTheSession) {
    const auto mine = cookie();
    const auto other = cookie();
    const auto out = ask(http::method::delete_, "/infra/api/session", ours(mine));
    EXPECT_EQ(out.status, 204);
    EXPECT_NE(std::string(out.headers.get("Set-Cookie").value_or("")).find("Max-Age=0"), std::string::npos);
    EXPECT_EQ(get("/infra/api/session", ours(mine)).status, 401);
    EXPECT_EQ(get("/infra/api/session", ours(other)).status, 200);
}

TEST_F(ByLink, TokenStandsNowhereButInTheLink) {
    testing::captured_telemetry told;
    const auto address = link();
    const auto token = address.substr(address.find('=') + 1);
    const auto answer = get(address);
    get(address);
    EXPECT_EQ(told.everything().find(token), std::string::npos);
    for (const auto [name, value] : answer.headers)
        EXPECT_EQ(value.find(token), std::string_view::npos) << name;
    EXPECT_EQ(answer.body.find(token), std::string::npos);
}

TEST(ByTheService, RoleDecides) {
    for (const auto& [who, reads, acts] : std::vector<std::tuple<role, int, int>>{
             {role::none, 403, 403}, {role::read, 200, 403}, {role::operate, 200, 204}}) {
        mounted on(who);
        on.board().act(http::method::post, "/deed", "do it", nothing);
        EXPECT_EQ(on.status_of("/session"), reads);
        EXPECT_EQ(on.act(http::method::post, "/deed").status, acts);
        EXPECT_EQ(on.loop.get(on.routes.handle({.target = "/infra/login?token=x", .headers = of_our_page()})).status,
                  404);
    }
}

TEST(ByTheService, NamesWhoActs) {
    http::router routes;
    routes.use([](http::request& r) {
        r.attachment = std::string("ada@example.com");
        return std::optional<http::response>();
    });
    const auto state = board_state::open(routes, {.authorize = [](const http::request&) { return role::operate; }},
                                         {.service = "shop"});
    acting seen;
    state->on().act(http::method::post, "/deed", "do it", [&](acting by, http::request) -> awaitable<http::response> {
        seen = by;
        co_return http::response::no_content();
    });
    testing::test_loop loop;
    loop.get(routes.handle({.method = http::method::post, .target = "/infra/api/deed", .headers = of_our_page()}));
    EXPECT_EQ(seen.who, "ada@example.com");
}

} // namespace
} // namespace infra::dashboard
