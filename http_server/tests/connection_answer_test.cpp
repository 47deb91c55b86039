// What takes longer than one turn of the loop: coroutines, streams, files, upgrades.

#include "support.hpp"

#include <infra/base/propagation.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <future>

namespace infra::http {
namespace {

/// A handler's wait that the test ends.
struct gate {
    std::weak_ptr<asio::steady_timer> waiting;
    bool reached = false;
    std::string ended = "no";

    awaitable<void> pass() {
        const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, steady_time::max());
        waiting = timer;
        reached = true;
        boost::system::error_code ec;
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        const bool cancelled =
            (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
        ended = cancelled ? "cancelled" : "opened";
        if (cancelled)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    void open() { waiting.lock()->cancel(); }
};

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

TEST(ConnectionAnswer, ACoroutineMayTakeItsTime) {
    gate g;
    router routes;
    routes.get("/wait", [&g]() -> awaitable<response> {
        co_await g.pass();
        co_return response::text("done");
    });
    served s(std::move(routes));
    auto client = s.connect();
    client.send(get("/wait"));
    EXPECT_TRUE(g.reached);
    EXPECT_EQ(client.received(), "");
    g.open();
    EXPECT_EQ(body_of(client.read_response()), "done");
}

TEST(ConnectionAnswer, ACoroutineThatTakesTooLongIsCancelled) {
    gate g;
    router routes;
    routes.get("/wait", [&g]() -> awaitable<response> {
        co_await g.pass();
        co_return response::text("done");
    });
    served s(std::move(routes), {.timeouts = {.handler = 100ms}});
    auto client = s.connect();
    client.send(get("/wait"));
    s.pass(130ms);
    const auto answer = client.read_all();
    EXPECT_EQ(status_of(answer), "503");
    EXPECT_EQ(field_of(answer, "Connection"), "close");
    EXPECT_EQ(g.ended, "cancelled");
}

TEST(ConnectionAnswer, CarriesTheContextThroughACoroutine) {
    router routes;
    routes.get("/id", [](const request& r) -> awaitable<response> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return response::ok({{"request", r.request_id()},
                                {"context", context::current().request_id()},
                                {"span", format_traceparent(context::current().span())}});
    });
    served s(std::move(routes));
    auto client = s.connect();
    client.send("GET /id HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-1\r\n\r\n");
    const auto answer = client.read_response();
    EXPECT_EQ(body_of(answer),
              R"({"request":"r-1","context":"r-1","span":")" + field_of(answer, "Traceparent") + "\"}");
    EXPECT_EQ(context::current().request_id(), "") << "and nothing of it is left on the loop";
}

TEST(ConnectionAnswer, TakesStateAndBaggageOfTheTraceAlong) {
    router routes;
    const auto told = [] {
        const auto headers = inject();
        return response::ok({{"parent", headers.traceparent.substr(3, 32)},
                             {"state", headers.tracestate},
                             {"baggage", headers.baggage}});
    };
    routes.get("/plain", told);
    routes.get("/coroutine", [told]() -> awaitable<response> { co_return told(); });
    served s(std::move(routes));
    auto client = s.connect();
    for (const std::string path : {"/plain", "/coroutine"}) {
        client.send("GET " + path +
                    " HTTP/1.1\r\nHost: h\r\n"
                    "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
                    "Tracestate: rojo=1\r\nTracestate: congo=2\r\nBaggage: tenant=acme\r\n\r\n");
        EXPECT_EQ(body_of(client.read_response()), R"({"parent":"0af7651916cd43dd8448eb211c80319c",)"
                                                   R"("state":"rojo=1,congo=2","baggage":"tenant=acme"})");
    }
    const std::string twice = "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
    client.send("GET /plain HTTP/1.1\r\nHost: h\r\n" + twice + twice + "Tracestate: rojo=1\r\n\r\n");
    const auto answer = client.read_response();
    EXPECT_EQ(body_of(answer).find("0af7651916cd43dd"), std::string::npos) << "which of the two?";
    EXPECT_NE(body_of(answer).find(R"("state":"")"), std::string::npos);
}

TEST(ConnectionAnswer, StreamsInChunks) {
    gate g;
    router routes;
    routes.get("/s", [&g] {
        return response::stream("text/event-stream", [&g](body_writer out) -> awaitable<void> {
            co_await out.write("one");
            co_await out.write("");
            co_await g.pass();
            co_await out.write("two");
        });
    });
    served s(std::move(routes));
    auto client = s.connect();
    client.send(get("/s") + get("/s").replace(0, 3, "HEAD"));
    EXPECT_EQ(field_of(client.read_to("\r\n\r\n"), "X").size(), 0u);
    EXPECT_EQ(client.read(8), "3\r\none\r\n") << "sent while the rest is still being made";
    g.open();
    EXPECT_EQ(client.read_to("0\r\n\r\n"), "3\r\ntwo\r\n0\r\n\r\n");
    const auto head = client.read_response(false);
    EXPECT_EQ(field_of(head, "Transfer-Encoding"), "chunked");
    EXPECT_EQ(client.received(), "");
}

TEST(ConnectionAnswer, StreamsALengthThatIsKnown) {
    std::string pieces;
    router routes;
    routes.get("/s", [&pieces] {
        const auto produce = [&pieces](body_writer out) -> awaitable<void> {
            for (const char each : pieces)
                co_await out.write(std::string(2, each));
        };
        return response::stream("text/plain", produce, 4);
    });
    served s(std::move(routes));
    auto client = s.connect();
    pieces = "ab";
    client.send(get("/s").replace(0, 3, "HEAD") + get("/s"));
    EXPECT_EQ(field_of(client.read_response(false), "Content-Length"), "4");
    const auto answer = client.read_response();
    EXPECT_EQ(body_of(answer), "aabb");
    EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "");
    for (const auto& [wrong, sent] : {std::pair("a", "aa"), std::pair("abc", "aabb")}) {
        pieces = wrong;
        auto other = s.connect();
        other.send(get("/s"));
        EXPECT_EQ(body_of(other.read_all()), sent) << "and the connection is cut";
    }
}

TEST(ConnectionAnswer, StreamsToOldClientsUntilTheEnd) {
    router routes;
    routes.get("/s", []() -> awaitable<response> {
        co_return response::stream("text/plain", [](body_writer out) -> awaitable<void> { co_await out.write("all"); });
    });
    served s(std::move(routes));
    const auto answer = s.exchange("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "");
    EXPECT_EQ(field_of(answer, "Connection"), "close");
    EXPECT_EQ(body_of(answer), "all");
}

TEST(ConnectionAnswer, AStreamCannotOutrunItsReader) {
    std::size_t written = 0;
    router routes;
    routes.get("/s", [&] {
        return response::stream("text/plain", [&](body_writer out) -> awaitable<void> {
            while (written < 64u << 20) {
                co_await out.write(std::string(65536, 'x'));
                written += 65536;
            }
        });
    });
    served s(std::move(routes), {.timeouts = {.write = 100ms}});
    auto client = s.connect();
    client.send(get("/s"));
    s.pass(50ms);
    EXPECT_LT(written, 32u << 20) << "the kernel's buffers are all there is";
    s.pass(150ms);
    EXPECT_EQ(s.server->connections(), 0u);
    const auto before = written;
    s.loop.poll();
    EXPECT_EQ(written, before) << "and the producer has ended";
}

TEST(ConnectionAnswer, AStreamMayBeSilentForHours) {
    gate g;
    router routes;
    routes.get("/s", [&g] {
        return response::stream("text/plain", [&g](body_writer out) -> awaitable<void> {
            co_await g.pass();
            for (int i = 0; i < 1024; ++i)
                co_await out.write(std::string(65536, 'x'));
        });
    });
    served s(std::move(routes), {.timeouts = {.write = 100ms}});
    auto client = s.connect();
    client.send(get("/s"));
    s.time.advance(3h);
    s.loop.poll();
    g.open();
    s.pass(90ms);
    EXPECT_EQ(s.server->connections(), 1u) << "a slow reader has its time from now on, not from three hours ago";
    s.pass(60ms);
    EXPECT_EQ(s.server->connections(), 0u);
}

TEST(ConnectionAnswer, AStreamThatFailsIsCutShort) {
    router routes;
    routes.get("/s", [] {
        return response::stream("text/plain", [](body_writer out) -> awaitable<void> {
            co_await out.write("half");
            throw std::runtime_error("broken");
        });
    });
    served s(std::move(routes));
    auto client = s.connect();
    client.send(get("/s"));
    const auto answer = client.read_all();
    EXPECT_TRUE(answer.empty() || !answer.ends_with("0\r\n\r\n")) << "never looks complete";
}

TEST(ConnectionAnswer, ServesFilesOfAnySize) {
    temporary_folder folder;
    std::string big(700'000, '\0');
    for (std::size_t i = 0; i < big.size(); ++i)
        big[i] = static_cast<char>(i * 7919 >> 5);
    folder.write("big.bin", big);
    folder.write("empty", "");
    blocking_pool pool({.threads = 1});
    router routes;
    routes.files("/f", {.directory = folder.path(), .pool = &pool});
    served s(std::move(routes));
    auto client = s.connect();
    client.send(get("/f/big.bin"));
    const auto whole = client.read_response();
    EXPECT_EQ(body_of(whole), big);
    client.send("HEAD /f/big.bin HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(field_of(client.read_response(false), "Content-Length"), "700000");
    client.send("GET /f/big.bin HTTP/1.1\r\nHost: h\r\nRange: bytes=300000-699998\r\n\r\n");
    const auto part = client.read_response();
    EXPECT_EQ(status_of(part), "206");
    EXPECT_EQ(body_of(part), big.substr(300000, 399999));
    client.send(get("/f/empty") + get("/f/absent"));
    EXPECT_EQ(field_of(client.read_response(), "Content-Length"), "0");
    EXPECT_EQ(status_of(client.read_response()), "404");
    client.send("GET /f/big.bin HTTP/1.1\r\nHost: h\r\nIf-None-Match: " + field_of(whole, "ETag") + "\r\n\r\n");
    EXPECT_EQ(status_of(client.read_response(false)), "304");
    EXPECT_EQ(client.received(), "");
}

TEST(ConnectionAnswer, DoesNotWaitForAStuckDiskForEver) {
    temporary_folder folder;
    folder.write("a", "a");
    std::promise<void> release;
    blocking_pool pool({.threads = 1});
    router routes;
    routes.files("/f", {.directory = folder.path(), .pool = &pool});
    served s(std::move(routes), {.timeouts = {.handler = 100ms}});
    const auto stuck = s.loop.spawn(pool.run([&release] { release.get_future().wait(); }));
    auto client = s.connect();
    client.send(get("/f/a"));
    s.pass(130ms);
    EXPECT_EQ(status_of(client.read_all()), "503");
    release.set_value();
    EXPECT_TRUE(s.loop.until([&] { return stuck->done; }));
}

TEST(ConnectionAnswer, HandsTheConnectionOver) {
    router routes;
    std::string seen;
    routes.on_upgrade("/echo/{name}", [&seen](upgrade up) -> awaitable<void> {
        seen = std::string(up.request.param("name")) + "|" + up.leftover + "|" + up.handshake;
        const std::string_view accepted =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
        co_await asio::async_write(up.socket, asio::buffer(accepted), asio::use_awaitable);
        char bytes[4];
        co_await asio::async_read(up.socket, asio::buffer(bytes), asio::use_awaitable);
        co_await asio::async_write(up.socket, asio::buffer(bytes), asio::use_awaitable);
    });
    routes.get("/first", [] { return response::text("first"); });
    served s(std::move(routes));
    auto client = s.connect();
    client.send(get("/first") +
                "GET /echo/a%20b HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
    EXPECT_EQ(body_of(client.read_response()), "first");
    EXPECT_EQ(status_of(client.read_to("\r\n\r\n")), "101");
    EXPECT_EQ(seen, "a b|early|GET /echo/a%20b HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    client.send("ping");
    EXPECT_EQ(client.read_all(), "ping");
    EXPECT_EQ(s.server->connections(), 0u);
}

TEST(ConnectionAnswer, GuardsStandBeforeUpgradesToo) {
    router routes;
    routes.use(
        [](request& r) { return r.header("Authorization").empty() ? std::optional(response(401)) : std::nullopt; });
    routes.on_upgrade("/ws", [](upgrade) -> awaitable<void> { co_return; });
    served s(std::move(routes));
    auto client = s.connect();
    client.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_EQ(status_of(client.read_response()), "401");
    EXPECT_FALSE(client.closed());
}

TEST(ConnectionAnswer, SpeaksWebSocketThroughBeast) {
    namespace websocket = boost::beast::websocket;
    router routes;
    routes.on_upgrade("/ws", [](upgrade up) -> awaitable<void> {
        websocket::stream<upgrade_socket> ws(std::move(up.socket));
        co_await ws.async_accept(asio::buffer(up.handshake), asio::use_awaitable);
        boost::beast::flat_buffer message;
        co_await ws.async_read(message, asio::use_awaitable);
        ws.text(ws.got_text());
        co_await ws.async_write(message.data(), asio::use_awaitable);
        co_await ws.async_close(websocket::close_code::normal, asio::use_awaitable);
    });
    served s(std::move(routes));
    auto talk = [&]() -> awaitable<std::string> {
        websocket::stream<asio::ip::tcp::socket> ws(s.loop.get_executor());
        co_await ws.next_layer().async_connect({asio::ip::address_v4::loopback(), s.server->port()},
                                               asio::use_awaitable);
        co_await ws.async_handshake("h", "/ws", asio::use_awaitable);
        co_await ws.async_write(asio::buffer(std::string_view("hello")), asio::use_awaitable);
        boost::beast::flat_buffer message;
        co_await ws.async_read(message, asio::use_awaitable);
        boost::system::error_code closed;
        boost::beast::flat_buffer nothing;
        co_await ws.async_read(nothing, asio::redirect_error(asio::use_awaitable, closed));
        EXPECT_EQ(closed, websocket::error::closed);
        co_return std::string(static_cast<const char*>(message.cdata().data()), message.size());
    };
    EXPECT_EQ(s.loop.get(talk()), "hello");
    EXPECT_TRUE(s.loop.until([&] { return s.server->connections() == 0; }));
}

} // namespace
} // namespace infra::http
