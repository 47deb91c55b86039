#include <infra/http_client.hpp>

#include "tests/slow_resolver.hpp"
#include "tests/support.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/background_conformance.hpp>

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <optional>
#include <thread>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

// --- The suite for all that works in the background -------------------------------------------------------------

/// A server where "/" answers and "/never" does not.
test_server::script sometimes_answering() {
    return [](connection& c) -> awaitable<void> {
        while (true) {
            const auto request = co_await c.read_request();
            if (request.empty())
                co_return;
            if (!request.starts_with("GET /never"))
                co_await c.write(response(200, "ok"));
        }
    };
}

// Does not keep the client alive while the request is under way.
std::optional<awaitable<client_response>> begin_to_send(const std::weak_ptr<client>& http, const std::string& url) {
    const auto alive = http.lock();
    return alive ? std::optional(alive->send({.url = url})) : std::nullopt;
}

awaitable<void> send_until_closed(std::weak_ptr<client> http, std::string url) {
    try {
        while (auto sending = begin_to_send(http, url))
            co_await std::move(*sending);
    } catch (const error& e) {
        if (e.code() != errc::closed)
            throw;
    }
}

awaitable<void> hold_a_request(client& http, std::string url, executor ex) {
    asio::co_spawn(ex, http.send({.url = std::move(url)}), [](std::exception_ptr, client_response) {});
    for (int i = 0; i < 20; ++i)
        co_await asio::post(ex, asio::use_awaitable);
}

/// A server on a loop of its own: the suite wants the client's loop for the client alone.
struct far_end {
    far_end() { loop.start(); }
    ~far_end() { loop.stop(); }

    event_loop loop;
    test_server server{loop.get_executor(), sometimes_answering()};
};

testing::background_subject make_subject(executor ex) {
    const auto surroundings = std::make_shared<far_end>();
    const auto& server = surroundings->server;
    const auto http = std::make_shared<client>(ex);
    auto* const raw = http.get();
    return {.object = http,
            .run = [weak = std::weak_ptr(http), url = server.url()] { return send_until_closed(weak, url); },
            .stop = [raw](deadline d) { return raw->stop(d); },
            .make_busy = [raw, url = server.url("/never"), ex] { return hold_a_request(*raw, url, ex); },
            .surroundings = surroundings};
}

// --- What is special to the client ------------------------------------------------------------------------------

struct ClientLifecycle : ::testing::Test {
    test_loop loop;

    awaitable<bool> stop(const client& http, deadline limit) {
        co_await http.stop(limit);
        co_return true;
    }
};

TEST_F(ClientLifecycle, StopsAfterRequestsInFlightHaveEnded) {
    asio::steady_timer gate(loop.io, asio::steady_timer::time_point::max());
    const test_server server(loop.get_executor(), [&gate](connection& c) -> awaitable<void> {
        co_await c.read_request();
        boost::system::error_code ec;
        co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        co_await c.write(response(200, "late"));
        co_await c.read_some();
    });
    const client http(loop.get_executor());
    const auto sent = loop.spawn(http.send({.url = server.url()}));
    loop.until([&] { return server.open() == 1; });
    const auto stopped = loop.spawn(stop(http, deadline::after(30s)));
    const auto refused = loop.run(http.send({.url = server.url()}));
    EXPECT_EQ(refused->code(), errc::closed) << refused->what();
    EXPECT_FALSE(stopped->done() || sent->done());

    gate.cancel();
    loop.until([&] { return stopped->done(); });
    EXPECT_TRUE(stopped->value) << stopped->what();
    ASSERT_TRUE(sent->value) << sent->what();
    EXPECT_EQ(sent->value->body, "late");
    loop.until([&] { return server.open() == 0; });
}

TEST_F(ClientLifecycle, CutsWhatIsLeftAtTheDeadline) {
    const test_server server(loop.get_executor(), silent());
    const client http(loop.get_executor());
    const auto sent = loop.spawn(http.send({.url = server.url()}));
    loop.until([&] { return server.open() == 1; });
    const auto stopped = loop.run(stop(http, deadline::after(20ms)));
    EXPECT_TRUE(stopped->value) << stopped->what();
    loop.until([&] { return sent->done(); });
    EXPECT_EQ(sent->code(), errc::closed);
    EXPECT_EQ(sent->what(), "http::client: it was stopped before the response came");
    loop.until([&] { return server.open() == 0; });
}

TEST_F(ClientLifecycle, DestructionEndsRequestsWithoutWaiting) {
    slow_resolver resolver;
    const test_server server(loop.get_executor(), silent());
    auto http = std::make_unique<client>(loop.get_executor());
    const auto connected = loop.spawn(http->send({.url = server.url()}));
    const auto resolving = loop.spawn(http->send({.url = "http://" + std::string(slow_resolver::name) + "/"}));
    loop.until([&] { return server.open() == 1; });
    http.reset();
    loop.until([&] { return connected->done() && resolving->done() && server.open() == 0; });
    EXPECT_EQ(connected->code(), errc::closed);
    EXPECT_EQ(resolving->code(), errc::closed);
}

TEST_F(ClientLifecycle, MovesWithItsRequests) {
    const test_server server(loop.get_executor(), answering(response(200, "ok")));
    client a(loop.get_executor());
    auto sending = a.send({.url = server.url()});
    client b(std::move(a));
    a = client(loop.get_executor());
    EXPECT_TRUE(loop.run(std::move(sending))->value);
    EXPECT_TRUE(loop.run(a.send({.url = server.url()}))->value);
    EXPECT_TRUE(loop.run(b.send({.url = server.url()}))->value);
}

awaitable<int> send_for_ever(std::shared_ptr<client> http, std::string url) {
    while (true)
        co_await http->send({.url = url});
}

// The request's coroutine owns the client, and the loop owns the coroutine.
TEST(ClientOnALoop, BearsItsDestructionAtAnyStep) {
    for (int steps = 0; steps < 40; ++steps) {
        test_loop doomed;
        const test_server server(doomed.get_executor(), answering(response(200, "ok")));
        const auto got = doomed.spawn(send_for_ever(std::make_shared<client>(doomed.get_executor()), server.url()));
        for (int i = 0; i < steps; ++i) {
            doomed.io.restart();
            doomed.io.run_one_for(1s);
        }
        EXPECT_FALSE(got->done()) << got->what();
    }
}

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

TEST_F(ClientLifecycle, LeavesNoDescriptorOpen) {
    const test_server server(loop.get_executor(), sometimes_answering());
    const auto before = open_descriptors();
    for (int round = 0; round < 3; ++round) {
        const client http(loop.get_executor());
        const auto answered = loop.run(http.send({.url = server.url()}));
        EXPECT_TRUE(answered->value) << answered->what();
        const auto cut = loop.spawn(http.send({.url = server.url("/never")}));
        loop.until([&] { return server.open() >= 1; });
        EXPECT_TRUE(loop.run(stop(http, deadline::after(1ms)))->value);
        loop.until([&] { return cut->done() && server.open() == 0; });
    }
    EXPECT_LE(open_descriptors(), before); // less, if libcurl's resolver threads of other tests end meanwhile
}

// --- Threads ----------------------------------------------------------------------------------------------------

TEST(ClientThreads, SendFromAnyLoopAndAnyThread) {
    event_loops loops(3);
    const test_server server(loops[0].get_executor(), answering(response(200, "ok")));
    loops.start();
    const client http(loops[1].get_executor(), {.max_connections_per_host = 4});
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) {
                const auto response = wait(http.send({.url = server.url()}), loops[t % 3].get_executor());
                EXPECT_EQ(response.body, "ok");
            }
        });
    for (auto& each : threads)
        each.join();
    wait(http.stop(deadline::after(5s)), loops[2].get_executor());
    loops.stop();
}

TEST(ClientThreads, DestroyAndCancelFromElsewhere) {
    event_loops loops(2);
    const test_server server(loops[0].get_executor(), silent());
    loops.start();
    for (int round = 0; round < 30; ++round) {
        auto http = std::make_unique<client>(loops[0].get_executor());
        std::vector<std::future<client_response>> all;
        for (int i = 0; i < 4; ++i)
            all.push_back(asio::co_spawn(loops[1].get_executor(),
                                         http->send({.url = server.url(), .deadline = deadline::after(i * 1ms)}),
                                         asio::use_future));
        if (round % 2)
            http.reset();
        for (auto& each : all) {
            try {
                each.get();
                ADD_FAILURE() << "answered";
            } catch (const error& e) {
                EXPECT_TRUE(e.code() == errc::timed_out || e.code() == errc::closed) << e.what();
            }
        }
    }
    loops.stop();
}

TEST(ClientThreads, TheWaitingLoopMayEndFirst) {
    event_loop serving;
    const test_server server(serving.get_executor(), silent());
    serving.start();
    for (int round = 0; round < 20; ++round) {
        const client http(serving.get_executor());
        event_loop waiting;
        waiting.start();
        asio::co_spawn(waiting.get_executor(), http.send({.url = server.url()}),
                       [](std::exception_ptr, client_response) {});
        waiting.stop();
    }
    serving.stop();
}

} // namespace
} // namespace infra::http

namespace infra::testing {

INSTANTIATE_TEST_SUITE_P(HttpClient, BackgroundConformance,
                         ::testing::Values(background_case{.name = "client", .make = http::make_subject}),
                         background_name);

} // namespace infra::testing
