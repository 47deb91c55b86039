// Giving up: deadlines and cancellation in every phase of a request.

#include <infra/http_client.hpp>

#include "tests/slow_resolver.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

/// A place where a request gets stuck.
struct sticking_place {
    std::string name;
    std::string phase;
    test_server::script play;
    std::string_view host = "127.0.0.1";
    std::string_view scheme = "http";
    std::size_t upload = 0;
    bool sent = true; // a part of the request at least
};

struct ClientDeadline : ::testing::Test {
    test_loop loop;
    manual_clock time;
    asio::steady_timer never{loop.io, asio::steady_timer::time_point::max()};
    bool reached = false; // the server has seen what comes before the client gets stuck

    std::vector<sticking_place> places() {
        return {
            {"handshake", "shaking hands over TLS", silent_after_some(), "127.0.0.1", "https", 0, false},
            {"upload", "sending the request", reading_nothing(), "127.0.0.1", "http", 64 << 20},
            {"answer", "waiting for the response", silent_after_some()},
            {"body", "receiving the response", half_an_answer()},
            {"resolver", "resolving the name", silent_after_some(), slow_resolver::name, "http", 0, false},
        };
    }

    test_server::script silent_after_some() {
        return [this](connection& c) -> awaitable<void> {
            while (!(co_await c.read_some()).empty())
                reached = true;
        };
    }
    test_server::script reading_nothing() {
        return [this](connection&) -> awaitable<void> {
            reached = true;
            co_await never.async_wait(asio::use_awaitable);
        };
    }
    test_server::script half_an_answer() {
        return [this](connection& c) -> awaitable<void> {
            co_await c.read_request();
            co_await c.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
            reached = true;
            co_await c.read_some();
        };
    }

    std::shared_ptr<outcome<client_response>> stick(const client& http, const sticking_place& place,
                                                    const std::string& authority, asio::cancellation_slot slot = {}) {
        reached = false;
        auto got = loop.spawn(http.send({.method = method::put,
                                         .url = std::string(place.scheme) + "://" + authority + "/?key=s3cret",
                                         .body = std::string(place.upload, 'x'),
                                         .deadline = deadline(time.steady() + 5s)}),
                              slot);
        loop.until([&] { return reached || slow_resolver::waiting() == 1; });
        loop.settle();
        EXPECT_FALSE(got->done()) << got->what();
        return got;
    }
};

TEST_F(ClientDeadline, SaysWhatItWaitedForAndLeavesNothingBehind) {
    for (const auto& place : places()) {
        SCOPED_TRACE(place.name);
        slow_resolver resolver;
        const test_server server(loop.get_executor(), place.play);
        const client http(loop.get_executor(), {}, time);
        const auto authority = std::string(place.host) + ":" + std::to_string(server.port());
        const auto got = stick(http, place, authority);
        time.advance(5s);
        loop.until([&] { return got->done(); });
        EXPECT_EQ(got->code(), errc::timed_out);
        EXPECT_EQ(got->what(), "PUT " + authority + ": the deadline passed while " + place.phase);
        EXPECT_EQ(may_have_arrived(got->failure), place.sent);
        never.cancel();
        loop.until([&] { return server.open() == 0; });
    }
}

TEST_F(ClientDeadline, IsThatOfTheClientWhenTheRequestNamesNone) {
    const test_server server(loop.get_executor(), silent());
    const client http(loop.get_executor(), {.default_deadline = 7s}, time);
    const auto got = loop.spawn(http.send({.url = server.url()}));
    loop.until([&] { return time.sleepers() == 1; });
    time.advance(6s);
    loop.settle();
    EXPECT_FALSE(got->done());
    time.advance(1s);
    loop.until([&] { return got->done(); });
    EXPECT_EQ(got->code(), errc::timed_out);
}

TEST_F(ClientDeadline, HoldsForAllRedirectsTogether) {
    const test_server server(loop.get_executor(), [this](connection& c) -> awaitable<void> {
        while (!(co_await c.read_request()).empty()) {
            time.advance(2s);
            co_await c.write(response(302, "", "Location: /again\r\n"));
        }
    });
    const client http(loop.get_executor(), {.max_redirects = 20}, time);
    const auto got = loop.run(http.send({.url = server.url(), .deadline = deadline(time.steady() + 5s)}));
    EXPECT_EQ(got->code(), errc::timed_out) << got->what();
}

TEST_F(ClientDeadline, HasPassedBeforeAnythingIsSent) {
    const test_server server(loop.get_executor(), silent());
    const client http(loop.get_executor(), {}, time);
    const auto got = loop.run(http.send({.url = server.url(), .deadline = deadline(time.steady())}));
    EXPECT_EQ(got->what(), "GET " + server.authority() + ": the deadline had passed before the request began");
    EXPECT_FALSE(may_have_arrived(got->failure));
    EXPECT_EQ(server.accepted(), 0);
}

TEST_F(ClientDeadline, CountsTheTimeInLineForAConnection) {
    const test_server server(loop.get_executor(), silent());
    const client http(loop.get_executor(), {.max_connections_per_host = 1}, time);
    const auto first = loop.spawn(http.send({.url = server.url(), .deadline = deadline::never()}));
    loop.settle();
    const auto second = loop.spawn(http.send({.url = server.url(), .deadline = deadline(time.steady() + 1s)}));
    loop.settle();
    time.advance(1s);
    loop.until([&] { return second->done(); });
    EXPECT_EQ(second->what(),
              "GET " + server.authority() + ": the deadline passed while waiting for a free connection");
    EXPECT_FALSE(may_have_arrived(second->failure));
    EXPECT_FALSE(first->done());
}

TEST_F(ClientDeadline, OfConnectingIsApart) {
    const test_server server(loop.get_executor(), silent());
    const client http(loop.get_executor(), {.connect_timeout = 30ms}, time);
    const auto got = loop.run(http.send({.url = "https://" + server.authority() + "/"}));
    EXPECT_EQ(got->code(), errc::timed_out);
    EXPECT_EQ(got->what(), "GET " + server.authority() + ": connect_timeout passed while shaking hands over TLS");
}

TEST_F(ClientDeadline, CancellationIsSafeInEveryPhase) {
    for (const auto& place : places()) {
        SCOPED_TRACE(place.name);
        slow_resolver resolver;
        const test_server server(loop.get_executor(), place.play);
        const client http(loop.get_executor(), {}, time);
        const auto authority = std::string(place.host) + ":" + std::to_string(server.port());
        asio::cancellation_signal stop;
        const auto got = stick(http, place, authority, stop.slot());
        loop.cancel(stop);
        loop.until([&] { return got->done(); });
        EXPECT_EQ(got->code(), asio::error::operation_aborted);
        EXPECT_EQ(got->what(), "PUT " + authority + ": cancelled while " + place.phase);
        EXPECT_EQ(may_have_arrived(got->failure), place.sent);
        never.cancel();
        loop.until([&] { return server.open() == 0; });
    }
}

// Whatever libcurl and the loop have under way after n steps, it must bear the end of the request there.
TEST_F(ClientDeadline, CancellationIsSafeAfterAnyStep) {
    const test_server server(loop.get_executor(), answering(response(302, "body", "Location: /again\r\n")));
    const client http(loop.get_executor(), {.max_redirects = 2});
    for (int steps = 0; steps < 120; ++steps) {
        asio::cancellation_signal stop;
        const auto got = loop.spawn(http.send({.url = server.url()}), stop.slot());
        for (int i = 0; i < steps && !got->done(); ++i) {
            loop.io.restart();
            loop.io.run_one_for(1s);
        }
        loop.cancel(stop);
        loop.until([&] { return got->done(); });
        ASSERT_TRUE(got->code() == asio::error::operation_aborted || got->code() == client_errc::redirect)
            << got->what();
    }
}

TEST_F(ClientDeadline, AnAbandonedRequestGivesItsPlaceToTheNext) {
    bool first = true;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.read_request();
        if (std::exchange(first, false))
            co_await c.read_some();
        else
            co_await c.write(response(200, "next"));
    });
    const client http(loop.get_executor(), {.max_connections_per_host = 1}, time);
    asio::cancellation_signal stop;
    const auto stuck = loop.spawn(http.send({.url = server.url()}), stop.slot());
    loop.settle();
    const auto next = loop.spawn(http.send({.url = server.url()}));
    loop.settle();
    EXPECT_FALSE(next->done());
    loop.cancel(stop);
    loop.until([&] { return next->done(); });
    ASSERT_TRUE(next->value) << next->what();
    EXPECT_EQ(next->value->body, "next");
}

} // namespace
} // namespace infra::http
