// The server's life: listening, draining, ending.

#include "support.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/background_conformance.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/resource.h>

#include <thread>

namespace infra::http {
namespace {

/// Handlers that wait until they are let go, or cancelled.
struct holding_handler {
    std::vector<std::weak_ptr<asio::steady_timer>> held;
    int cancelled = 0;

    router routes() {
        router r;
        r.get("/hello", [] { return response::text("hello"); });
        r.get("/hold", [this]() -> awaitable<response> {
            auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, steady_time::max());
            held.push_back(timer);
            boost::system::error_code ec;
            co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
                ++cancelled;
            co_return response::text("held");
        });
        r.on_upgrade("/ws", [this](upgrade up) -> awaitable<void> {
            boost::system::error_code ec;
            char byte[1];
            co_await up.socket.async_read_some(asio::buffer(byte), asio::redirect_error(asio::use_awaitable, ec));
            if (ec == asio::error::operation_aborted)
                ++cancelled;
        });
        return r;
    }
    void let_go() {
        for (const auto& each : held)
            if (const auto timer = each.lock())
                timer->cancel();
    }
};

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_hold = "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_ws = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

bool is_refused(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool refused = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == -1;
    ::close(fd);
    return refused;
}

TEST(Server, KnowsItsAddressOnceItListens) {
    test_loop loop;
    server s({loop.get_executor()}, router(), {.port = 0});
    EXPECT_EQ(s.port(), 0);
    s.listen();
    EXPECT_NE(s.port(), 0);
    EXPECT_EQ(s.url(), "http://127.0.0.1:" + std::to_string(s.port()));
    s.listen();
}

TEST(Server, SaysWhichPortIsInUse) {
    test_loop loop;
    server first({loop.get_executor()}, router(), {.port = 0});
    first.listen();
    const auto port = std::to_string(first.port());
    server second({loop.get_executor()}, router(), {.port = first.port()});
    const auto run = loop.spawn(second.run());
    ASSERT_TRUE(loop.until([&] { return run->done; }));
    EXPECT_EQ(code_of(run->failure), errc::unavailable);
    EXPECT_EQ(describe(run->failure), "cannot listen on 127.0.0.1 port " + port + ": port " + port +
                                          " is in use; stop whoever uses it, or choose another port");
}

TEST(Server, NamesTheOptionThatIsWrong) {
    test_loop loop;
    const std::pair<server_options, const char*> cases[] = {
        {{.limits = {.max_header_bytes = 10}}, "http::server_limits::max_header_bytes must be from 256 to 1048576"},
        {{.limits = {.max_header_fields = 0}}, "http::server_limits::max_header_fields must be at least 1"},
        {{.limits = {.max_connections = 0}}, "http::server_limits::max_connections must be at least 1"},
        {{.timeouts = {.header = 0ms}}, "http::server_timeouts::header must be greater than zero"},
        {{.timeouts = {.body = 0ms}}, "http::server_timeouts::body must be greater than zero"},
        {{.timeouts = {.idle = 0ms}}, "http::server_timeouts::idle must be greater than zero"},
        {{.timeouts = {.write = -1ms}}, "http::server_timeouts::write must be greater than zero"},
        {{.timeouts = {.handler = 0ms}}, "http::server_timeouts::handler must be greater than zero"},
        {{.cors = cors_options{}}, "http::cors_options::origins must name at least one origin, or '*'"},
        {{.trusted_proxies = {"proxy"}},
         "http::server_options::trusted_proxies: 'proxy' is not an address or a network such as 10.0.0.0/8"},
        {{.backlog = 0}, "http::server_options::backlog must be at least 1"},
    };
    for (const auto& [options, sentence] : cases) {
        try {
            server({loop.get_executor()}, router(), options);
            ADD_FAILURE() << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_STREQ(e.what(), sentence);
        }
    }
    server nowhere({loop.get_executor()}, router(), {.host = "example.invalid"});
    EXPECT_THROW(nowhere.listen(), infra::error);
    EXPECT_THROW(server({}, router()), std::invalid_argument);
}

TEST(Server, TakesNoRoutesOnceItHasThem) {
    test_loop loop;
    router routes;
    const server s({loop.get_executor()}, routes);
    EXPECT_THROW(routes.get("/late", [] { return response(); }), std::logic_error);
}

TEST(Server, DrainsWhatIsBusyAndClosesWhatIsIdle) {
    holding_handler handler;
    served s(handler.routes());
    auto silent = s.connect();
    auto idle = s.connect();
    idle.send(get_hello);
    idle.read_response();
    auto busy = s.connect();
    busy.send(get_hold + get_hello);
    ASSERT_EQ(handler.held.size(), 1u);

    const auto stop = s.loop.spawn(s.server->stop(deadline::after(10s, s.time.steady())));
    s.loop.poll();
    EXPECT_TRUE(silent.closed());
    EXPECT_TRUE(idle.closed());
    EXPECT_FALSE(busy.closed());
    EXPECT_FALSE(stop->done);

    handler.let_go();
    const auto answer = busy.read_all();
    EXPECT_EQ(field_of(answer, "Connection"), "close");
    EXPECT_EQ(body_of(answer), "held") << "the one behind it is left to another server";
    busy.close(); // until then it may still be sending
    ASSERT_TRUE(s.loop.until([&] { return stop->done && s.running->done; }));
    EXPECT_FALSE(stop->failure);
    EXPECT_FALSE(s.running->failure);
    EXPECT_EQ(s.time.sleepers(), 0u) << "nothing is left behind";
}

TEST(Server, AcceptsNobodyWhileItDrains) {
    holding_handler handler;
    served s(handler.routes());
    auto busy = s.connect();
    busy.send(get_hold);
    const auto stop = s.loop.spawn(s.server->stop(deadline::after(10s, s.time.steady())));
    s.loop.poll();
    EXPECT_TRUE(is_refused(s.server->port()));
    handler.let_go();
    EXPECT_TRUE(s.loop.until([&] { return stop->done; }));
}

TEST(Server, ClosesItsDoorWithoutSendingAnybodyAway) {
    holding_handler handler;
    served s(handler.routes());
    auto in = s.connect();
    s.server->stop_accepting();
    s.server->stop_accepting();
    s.loop.poll();
    EXPECT_TRUE(is_refused(s.server->port()));
    in.send(get_hello);
    EXPECT_EQ(field_of(in.read_response(), "Connection"), "");
    in.close();
    s.loop.poll();
    EXPECT_FALSE(s.running->done) << "the last who leaves does not end it";
    const auto stop = s.loop.spawn(s.server->stop(deadline::after(10s, s.time.steady())));
    EXPECT_TRUE(s.loop.until([&] { return stop->done && s.running->done; }));
    EXPECT_FALSE(s.running->failure);
}

TEST(Server, EndsThoughItsDoorWasClosedBeforeItRan) {
    test_loop loop;
    server s({loop.get_executor()}, router(), {.port = 0});
    s.listen();
    s.stop_accepting();
    const auto running = loop.spawn(s.run());
    loop.poll();
    EXPECT_FALSE(running->done);
    const auto stop = loop.spawn(s.stop());
    EXPECT_TRUE(loop.until([&] { return stop->done && running->done; }));
}

TEST(Server, FinishesARequestThatIsHalfWayIn) {
    holding_handler handler;
    served s(handler.routes());
    auto half = s.connect();
    half.send(get_hello.substr(0, 10));
    const auto stop = s.loop.spawn(s.server->stop(deadline::after(10s, s.time.steady())));
    s.loop.poll();
    half.send(get_hello.substr(10));
    EXPECT_EQ(body_of(half.read_all()), "hello");
    EXPECT_TRUE(s.loop.until([&] { return stop->done; }));
}

TEST(Server, CutsWhatTheDeadlineFindsBusy) {
    holding_handler handler;
    served s(handler.routes());
    auto busy = s.connect();
    busy.send(get_hold);
    auto upgraded = s.connect();
    upgraded.send(get_ws);
    const auto stop = s.loop.spawn(s.server->stop(deadline::after(1s, s.time.steady())));
    s.loop.poll();
    EXPECT_FALSE(stop->done);
    s.time.advance(1s);
    ASSERT_TRUE(s.loop.until([&] { return stop->done && s.running->done; }));
    EXPECT_FALSE(stop->failure);
    EXPECT_EQ(busy.read_all(), "");
    EXPECT_EQ(handler.cancelled, 2);
    EXPECT_EQ(s.server->connections(), 0u);
}

TEST(Server, AnEarlierDeadlineCountsWhenStoppedTwice) {
    holding_handler handler;
    served s(handler.routes());
    auto busy = s.connect();
    busy.send(get_hold);
    const auto patient = s.loop.spawn(s.server->stop(deadline::never()));
    const auto hasty = s.loop.spawn(s.server->stop(deadline::after(0s, s.time.steady())));
    ASSERT_TRUE(s.loop.until([&] { return patient->done && hasty->done; }));
    EXPECT_EQ(handler.cancelled, 1);
}

TEST(Server, EndsWithoutPatienceWhenRunIsCancelled) {
    holding_handler handler;
    test_loop loop;
    manual_clock time;
    server s({loop.get_executor()}, handler.routes(), {.port = 0}, time);
    asio::cancellation_signal signal;
    std::optional<std::exception_ptr> ended;
    asio::co_spawn(loop.get_executor(), s.run(),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { ended = e; }));
    loop.poll();
    raw_client busy(loop, s.port());
    busy.send(get_hold);
    signal.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(loop.until([&] { return ended.has_value(); }));
    EXPECT_EQ(code_of(*ended), asio::error::operation_aborted);
    EXPECT_EQ(busy.read_all(), "");
}

TEST(Server, WaitsForDescriptorsWhenNoneIsLeft) {
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "the sanitizer opens a pipe to look at an object, and calls it damaged when it cannot";
#endif
    served s{router()};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    raw_client client(s.loop, s.server->port()); // in the kernel's queue; the server has not looked yet
    const rlimit none{static_cast<rlim_t>(client.descriptor()) + 1, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    s.loop.poll();
    EXPECT_EQ(s.server->connections(), 0u);
    EXPECT_EQ(s.time.sleepers(), 1u) << "it does not try again at once";
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    s.pass(100ms);
    EXPECT_EQ(s.server->connections(), 1u);
}

TEST(Server, RunsOnce) {
    served s{router()};
    const auto again = s.loop.spawn(s.server->run());
    ASSERT_TRUE(s.loop.until([&] { return again->done; }));
    EXPECT_EQ(code_of(again->failure), errc::invalid_state);
}

TEST(Server, NeverWakesWhileNobodyIsConnected) {
    served s{router()};
    EXPECT_EQ(s.time.sleepers(), 0u);
    {
        const auto client = s.connect();
        EXPECT_EQ(s.time.sleepers(), 1u) << "one sweeper, however many connections";
        const auto other = s.connect();
        EXPECT_EQ(s.time.sleepers(), 1u);
    }
    s.pass(2000ms);
    EXPECT_EQ(s.time.sleepers(), 0u);
}

// Real threads: what a race detector has to look at.
TEST(Server, ServesFromSeveralLoopsAtOnce) {
    event_loops loops(3, "http");
    loops.start();
    router routes;
    routes.get("/plain", [] { return response::text("p"); });
    routes.get("/coroutine", []() -> awaitable<response> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return response::text("c");
    });
    server s({loops[0].get_executor(), loops[1].get_executor(), loops[2].get_executor()}, routes, {.port = 0});
    s.listen();
    asio::co_spawn(loops[0].get_executor(), s.run(), asio::detached);
    std::vector<std::thread> clients;
    std::atomic<int> good{0};
    for (int c = 0; c < 4; ++c)
        clients.emplace_back([&s, &good] {
            test_loop loop;
            for (int i = 0; i < 10; ++i) {
                raw_client client(loop, s.port());
                for (const std::string path : {"/plain", "/coroutine", "/plain"}) {
                    client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
                    if (body_of(client.read_response()) == path.substr(1, 1))
                        ++good;
                }
            }
        });
    for (auto& each : clients)
        each.join();
    EXPECT_EQ(good, 120);
    wait(s.stop(), loops[1].get_executor());
    EXPECT_EQ(s.connections(), 0u);
    loops.stop();
}

TEST(Server, IsDestroyedWhileOthersUseIt) {
    event_loops loops(2, "http");
    loops.start();
    router routes;
    routes.get("/plain", [] { return response::text("p"); });
    auto s = std::make_unique<server>(std::vector<executor>{loops[0].get_executor(), loops[1].get_executor()}, routes,
                                      server_options{.port = 0});
    s->listen();
    auto running = asio::co_spawn(loops[0].get_executor(), s->run(), asio::use_future);
    const auto port = s->port();
    std::atomic<bool> started{false};
    std::thread client([&] {
        test_loop loop;
        raw_client c(loop, port);
        while (!c.closed()) {
            c.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
            c.collect();
            started = true;
        }
    });
    while (!started)
        std::this_thread::yield();
    s.reset();
    client.join();
    running.get();
    loops.stop();
}

} // namespace
} // namespace infra::http

namespace infra::testing {
namespace {

struct clients_and_handlers {
    http::holding_handler handler;
    std::vector<asio::ip::tcp::socket> clients;
};

awaitable<void> hold_a_request(http::server& server, clients_and_handlers& others) {
    server.listen();
    auto& client = others.clients.emplace_back(co_await asio::this_coro::executor);
    co_await client.async_connect({asio::ip::address_v4::loopback(), server.port()}, asio::use_awaitable);
    co_await client.async_write_some(asio::buffer(http::get_hold), asio::use_awaitable);
    asio::steady_timer turn(co_await asio::this_coro::executor);
    while (others.handler.held.empty()) {
        turn.expires_after(std::chrono::milliseconds(1));
        co_await turn.async_wait(asio::use_awaitable);
    }
}

background_subject make_server(executor ex) {
    const auto others = std::make_shared<clients_and_handlers>();
    const auto server = std::make_shared<http::server>(std::vector<executor>{ex}, others->handler.routes(),
                                                       http::server_options{.port = 0});
    return {.object = server,
            .run = [s = server.get()] { return s->run(); },
            .stop = [s = server.get()](deadline d) { return s->stop(d); },
            .make_busy = [s = server.get(), o = others.get()] { return hold_a_request(*s, *o); },
            .surroundings = others};
}

INSTANTIATE_TEST_SUITE_P(HttpServer, BackgroundConformance,
                         ::testing::Values(background_case{.name = "server", .make = make_server}), background_name);

} // namespace
} // namespace infra::testing
