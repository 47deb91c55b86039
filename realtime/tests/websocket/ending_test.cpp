#include "support.hpp"

#include <boost/asio/io_context.hpp>

#include <set>
#include <thread>

namespace infra::realtime::websocket {
namespace {

using kind = event::kind;

// --- Draining --------------------------------------------------------------------------------------------------------

TEST(Stop, TellsClientsWhenToComeBack) {
    service s;
    auto anna = raw_client::joined(s);
    const auto stopped = s.loop.spawn(s.sockets->stop(deadline::after(20s, s.time.steady())));
    const auto told = anna.read();
    ASSERT_TRUE(told);
    const auto read = json::parse<json::value>(told->bytes);
    EXPECT_EQ(read->at("type"), "reconnect");
    const auto after = read->at("data").at("after").to_number<int>();
    EXPECT_GE(after, 0);
    EXPECT_LE(after, 10'000);
    const auto f = anna.read();
    ASSERT_TRUE(f);
    EXPECT_EQ(f->code, close_code::shutdown);
    EXPECT_EQ(f->bytes, std::to_string(after));
    raw_client late(s);
    const auto answer = late.ask(raw_client::handshake());
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    anna.say_close(4000);
    EXPECT_TRUE(anna.ends());
    anna.vanish();
    s.loop.until([&] { return stopped->done(); });
    EXPECT_EQ(s.sockets->connections(), 0u);
}

TEST(Stop, LetsNobodyInWhoseProofTookUntilThen) {
    service s({.hub = {.authenticate = [&s](handshake) -> awaitable<identity> {
                   co_await s.time.sleep_for(2s);
                   co_return identity{};
               }}});
    raw_client late(s);
    late.send(raw_client::handshake());
    s.turn();
    s.loop.wait(s.sockets->stop(deadline::after(20s, s.time.steady())));
    s.advance(3s);
    const auto answer = late.ask("");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_EQ(s.sockets->connections(), 0u);
}

TEST(Stop, GoesInBatches) {
    service s({.websocket = {.close = 60s, .drain_batch = 3, .drain_over = 9s}});
    std::vector<raw_client> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(raw_client::joined(s));
    const auto stopped = s.loop.spawn(s.sockets->stop(deadline::after(100s, s.time.steady())));
    std::set<std::size_t> told;
    std::set<int> waits;
    const auto look = [&] {
        s.turn();
        for (std::size_t i = 0; i < all.size(); ++i)
            for (const auto& f : all[i].read_all())
                if (f.what == kind::close) {
                    told.insert(i);
                    waits.insert(std::stoi(f.bytes));
                    all[i].say_close(4000);
                }
        return told.size();
    };
    EXPECT_EQ(look(), 3u);
    s.advance(2s);
    EXPECT_EQ(look(), 3u);
    s.advance(1s);
    EXPECT_EQ(look(), 6u);
    s.advance(3s);
    EXPECT_EQ(look(), 8u);
    s.advance(3s);
    EXPECT_EQ(look(), 10u);
    EXPECT_GT(waits.size(), 5u) << "they are spread";
    all.clear();
    s.loop.until([&] { return stopped->done(); });
}

TEST(Stop, CutsWhatIsLeftAtTheDeadline) {
    service s({.websocket = {.close = 60s}});
    auto deaf = raw_client::joined(s);
    const auto began = s.time.steady();
    const auto stopped = s.loop.spawn(s.sockets->stop(deadline::after(5s, began)));
    s.advance(4s);
    EXPECT_FALSE(stopped->done());
    s.advance(1s);
    s.loop.until([&] { return stopped->done(); });
    EXPECT_FALSE(stopped->failure) << stopped->what();
    EXPECT_EQ(s.sockets->connections(), 0u);
    EXPECT_TRUE(deaf.ends());
}

TEST(Stop, IsDoneAtOnceWithoutConnectionsAndWhenItIsDoneAlready) {
    service s;
    s.loop.wait(s.sockets->stop());
    s.loop.wait(s.sockets->stop());
}

// --- Untimely ends ---------------------------------------------------------------------------------------------------

TEST(UntimelyEnds, ClosingWhileMuchIsUnderWay) {
    service s;
    auto slow = raw_client::joined(s, {}, 4096);
    slow.subscribe("room:1");
    for (int i = 0; i < 100 && s.at.list_clients().at(0).queued_bytes == 0; ++i) {
        s.at.publish("room:1", {.type = "said", .data = json::value(std::string(64 * 1024, '.'))});
        s.turn();
    }
    s.at.publish("room:1", {.type = "said"});
    s.at.disconnect(s.at.get_connected_clients().at(0));
    s.at.publish("room:1", {.type = "said"});
    EXPECT_EQ(slow.read_to_close(), close_code::disconnected)
        << "what has begun to leave is whole, then comes the close";
}

TEST(UntimelyEnds, TheServerGoesWithItsConnections) {
    service s;
    auto anna = raw_client::joined(s);
    s.sockets.reset();
    EXPECT_TRUE(anna.ends());
    s.turn();
    EXPECT_TRUE(s.at.get_connected_clients().empty());
    raw_client late(s);
    EXPECT_TRUE(late.ask(raw_client::handshake()).starts_with("HTTP/1.1 503 "));
}

TEST(UntimelyEnds, TheHubGoesFirst) {
    testing::test_loop loop;
    manual_clock time;
    http::router routes;
    auto at = std::make_optional<hub>(hub_options{.on = loop.get_executor(), .time = &time});
    auto sockets = std::make_optional<websocket_server>(*at);
    sockets->mount(routes);
    http::server server({loop.get_executor()}, routes, {.port = 0}, time);
    at.reset();
    sockets.reset();
    loop.settle();
}

TEST(UntimelyEnds, TheLoopGoesWhileTheHubStillHoldsConnections) {
    manual_clock time;
    auto loop = std::make_unique<asio::io_context>(1);
    hub at({.on = with_context(loop->get_executor()), .time = &time});
    websocket_server sockets(at);
    {
        http::router routes;
        sockets.mount(routes);
        std::optional<http::server> server(std::in_place, std::vector{executor(with_context(loop->get_executor()))},
                                           routes, http::server_options{.port = 0}, time);
        server->listen();
        asio::co_spawn(*loop, server->run(), [](std::exception_ptr) {});
        const auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(server->port());
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
        const auto request = raw_client::handshake();
        ASSERT_EQ(::send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
        for (int i = 0; i < 1000 && at.get_connected_clients().empty(); ++i)
            loop->run_one_for(10ms);
        ASSERT_EQ(at.get_connected_clients().size(), 1u);
        server.reset(); // no http server outlives its loop; what has left HTTP is not its any more
        loop.reset();
        char byte = 0;
        while (::recv(fd, &byte, 1, 0) > 0) {
        }
        ::close(fd);
    }
    at.publish("room:1", {.type = "said"});
    EXPECT_EQ(sockets.connections(), 0u);
}

TEST(UntimelyEnds, StoppingIsCancelled) {
    service s({.websocket = {.close = 60s}});
    auto anna = raw_client::joined(s);
    asio::cancellation_signal signal;
    const auto stopped = s.loop.spawn(s.sockets->stop(deadline::after(20s, s.time.steady())), signal.slot());
    s.turn();
    s.loop.cancel(signal);
    s.loop.until([&] { return stopped->done(); });
    EXPECT_EQ(stopped->code(), asio::error::operation_aborted);
}

// Loops of their own, publishers on other threads, clients that come and go: for the sanitizers.
TEST(UntimelyEnds, ComingAndGoingUnderFire) {
    asio::io_context first(1);
    asio::io_context second(1);
    hub at({.channels = {{"*", {.on_overflow = overflow::drop_oldest}}},
            .authorize = [](access_request) { return true; },
            .on = with_context(first.get_executor())});
    std::optional<websocket_server> sockets(std::in_place, at,
                                            websocket_options{.close = 20ms, .handshakes_per_second = 1e6});
    http::router routes;
    sockets->mount(routes);
    http::server server({with_context(first.get_executor()), with_context(second.get_executor())}, routes,
                        {.port = 0, .access_log = false});
    server.listen();
    const auto port = server.port();
    asio::co_spawn(first, server.run(), [](std::exception_ptr) {});
    const auto work = std::pair(asio::make_work_guard(first), asio::make_work_guard(second));
    std::thread one([&] { first.run(); });
    std::thread two([&] { second.run(); });
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        while (!done) {
            at.publish("room:1", {.type = "said", .data = json::value(std::string(500, '.'))});
            std::this_thread::sleep_for(100us);
        }
    });
    std::thread kicker([&] {
        while (!done) {
            for (const auto& id : at.get_connected_clients())
                if (id.back() % 3 == 0)
                    at.disconnect(id);
            std::this_thread::sleep_for(100us);
        }
    });
    const auto visit = [port](int visits) {
        for (int i = 0; i < visits; ++i) {
            const auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
            ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_port = htons(port);
            to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
                const auto all =
                    raw_client::handshake() +
                    make_masked_frame(opcode::text, R"({"type":"subscribe","channel":"room:1"})", {'a', 'b', 'c', 'd'});
                ::send(fd, all.data(), all.size(), MSG_NOSIGNAL);
                char buffer[4096];
                for (int reads = 0; reads < i % 7; ++reads)
                    if (::recv(fd, buffer, sizeof buffer, 0) <= 0)
                        break;
            }
            ::close(fd);
        }
    };
    std::thread visitor(visit, 150);
    visit(150);
    visitor.join();
    done = true;
    publisher.join();
    kicker.join();
    sockets.reset();
    for (int i = 0; i < 1000 && !at.get_connected_clients().empty(); ++i)
        std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(at.get_connected_clients().empty());
    first.stop();
    second.stop();
    one.join();
    two.join();
}

} // namespace
} // namespace infra::realtime::websocket
