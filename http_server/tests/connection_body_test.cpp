// Bodies that their handlers take while they come.

#include "mutation.hpp"
#include "support.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>

namespace infra::http {
namespace {

std::string put(std::string_view path, std::size_t length, std::string_view fields = "") {
    return "PUT " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

constexpr std::string_view put_chunked = "PUT /take HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

struct ConnectionBody : ::testing::Test {
    /// Takes the body whole and answers it, after `set_limit(limit)` if that is not 0.
    auto take() {
        return [this](request, body_reader body) -> awaitable<response> {
            announced = body.announced();
            if (limit > 0)
                body.set_limit(limit);
            taken.clear();
            pieces = 0;
            ended = "no";
            try {
                for (auto piece = co_await body.read(); !piece.empty(); piece = co_await body.read()) {
                    ++pieces;
                    taken += piece;
                }
            } catch (const error& e) {
                ended = e.code().message();
                throw;
            }
            ended = "well";
            co_return response::text(taken);
        };
    }

    /// Waits for the test before it reads on.
    auto take_when_told() {
        return [this](request, body_reader body) -> awaitable<response> {
            const auto ex = co_await asio::this_coro::executor;
            const auto told = std::make_shared<asio::steady_timer>(ex, steady_time::max());
            gate = told;
            boost::system::error_code woken;
            co_await told->async_wait(asio::redirect_error(asio::use_awaitable, woken));
            std::size_t sum = 0;
            for (auto piece = co_await body.read(); !piece.empty(); piece = co_await body.read())
                sum += piece.size();
            co_return response::text(std::to_string(sum));
        };
    }
    void tell() { gate.lock()->cancel(); }

    router routes() {
        router r;
        r.put("/take", take());
        r.put("/when-told", take_when_told());
        r.put("/refuse", [](const request&, body_reader) -> awaitable<response> { co_return response(403); });
        r.post("/echo", [](request& q) { return response::text(q.take_body()); });
        r.get("/hello", [] { return response::text("hello"); });
        return r;
    }

    std::optional<std::uint64_t> announced;
    std::uint64_t limit = 0;
    std::string taken;
    std::string ended;
    int pieces = 0;
    std::weak_ptr<asio::steady_timer> gate;
};

TEST_F(ConnectionBody, ComesPieceByPiece) {
    served s(routes());
    auto client = s.connect();
    client.send(put("/take", 10));
    EXPECT_EQ(announced, 10u);
    client.send("hello");
    EXPECT_EQ(taken, "hello");
    client.send("world");
    EXPECT_EQ(body_of(client.read_response()), "helloworld");
    EXPECT_EQ(pieces, 2);
}

TEST_F(ConnectionBody, ComesWithoutTheFramesOfItsChunks) {
    served s(routes());
    auto client = s.connect();
    client.send(put_chunked);
    EXPECT_EQ(announced, std::nullopt);
    for (const char c : std::string_view("5\r\nhello\r\n5;x=y\r\nworld\r\n0\r\nX-T: 1\r\n\r\n"))
        client.send({&c, 1});
    EXPECT_EQ(body_of(client.read_response()), "helloworld");
}

TEST_F(ConnectionBody, MayBeThereAllAtOnceOrNotAtAll) {
    served s(routes());
    auto client = s.connect();
    client.send(put("/take", 5) + "hello");
    EXPECT_EQ(body_of(client.read_response()), "hello");
    client.send(put("/take", 0));
    EXPECT_EQ(body_of(client.read_response()), "");
    EXPECT_EQ(announced, 0u);
    client.send("PUT /take HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(body_of(client.read_response()), "");
    client.send(std::string(put_chunked) + "0\r\n\r\n");
    EXPECT_EQ(body_of(client.read_response()), "");
}

TEST_F(ConnectionBody, IsFollowedByTheNextRequest) {
    served s(routes());
    auto client = s.connect();
    const auto get = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
    client.send(put("/take", 5) + "hello" + get + std::string(put_chunked) + "1\r\na\r\n0\r\n\r\n" + get);
    for (const auto* body : {"hello", "hello", "a", "hello"})
        EXPECT_EQ(body_of(client.read_response()), body);
    client.send(get);
    EXPECT_EQ(body_of(client.read_response()), "hello");
}

TEST_F(ConnectionBody, IsReadNoFasterThanTheHandlerAsks) {
    limit = 1u << 30;
    router r = routes();
    served s(std::move(r), {.limits = {.max_body_bytes = 64u << 20}});
    auto client = s.connect();
    client.send(put("/when-told", 64u << 20));
    const std::string piece(65536, 'x');
    std::size_t sent = 0;
    for (int idle = 0; idle < 20;) {
        const auto took = ::send(client.descriptor(), piece.data(), piece.size(), MSG_NOSIGNAL);
        idle = took > 0 ? 0 : idle + 1;
        sent += took > 0 ? static_cast<std::size_t>(took) : 0;
        s.loop.poll();
    }
    EXPECT_LT(sent, 32u << 20) << "the kernel's buffers are all there is";
    tell();
    s.loop.poll();
    client.send(std::string((64u << 20) - sent, 'x'));
    EXPECT_EQ(body_of(client.read_response()), std::to_string(64u << 20));
}

TEST_F(ConnectionBody, TellsAWaitingClientToGoOnOnceItIsAskedFor) {
    served s(routes());
    auto client = s.connect();
    client.send(put("/when-told", 2, "Expect: 100-continue\r\n"));
    EXPECT_EQ(client.received(), "");
    tell();
    EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    EXPECT_EQ(body_of(client.read_response()), "2");
    client.send(put("/take", 2, "Expect: 100-continue\r\n") + "ok");
    EXPECT_EQ(status_of(client.read_response()), "200") << "a body that is there needs no invitation";
    client.send(put("/refuse", 2, "Expect: 100-continue\r\n"));
    EXPECT_EQ(status_of(client.read_all()), "403");
}

TEST_F(ConnectionBody, ThatIsLeftUnreadEndsTheConnection) {
    served s(routes());
    auto client = s.connect();
    client.send(put("/refuse", 1'000'000) + std::string(1000, 'x'));
    const auto answer = client.read_to("\r\n\r\n");
    EXPECT_EQ(status_of(answer), "403");
    EXPECT_EQ(field_of(answer, "Connection"), "close");
    client.send(std::string(100'000, 'x'));
    EXPECT_EQ(client.read_all(), "");
    EXPECT_FALSE(client.was_reset());
}

TEST_F(ConnectionBody, ThatIsThereMayBeLeftUnread) {
    served s(routes());
    auto client = s.connect();
    client.send(put("/refuse", 5) + "hello" + put("/refuse", 1) + "a");
    for (int i = 0; i < 2; ++i) {
        const auto answer = client.read_response();
        EXPECT_EQ(status_of(answer), "403");
        EXPECT_EQ(field_of(answer, "Connection"), "");
    }
}

TEST_F(ConnectionBody, HasALimitOfItsOwn) {
    served s(routes(), {.limits = {.max_body_bytes = 10}});
    const std::string body(100, 'x');
    for (const auto& [most, size, status] :
         {std::tuple(0, 10, "200"), std::tuple(0, 11, "413"), std::tuple(50, 50, "200"), std::tuple(50, 51, "413"),
          std::tuple(5, 5, "200"), std::tuple(5, 6, "413")}) {
        limit = static_cast<std::uint64_t>(most);
        const auto length = static_cast<std::size_t>(size);
        EXPECT_EQ(status_of(s.exchange(put("/take", length) + body.substr(0, length))), status) << most << " " << size;
        const auto chunk = "1\r\nx\r\n";
        std::string chunks;
        for (int i = 0; i < size; ++i)
            chunks += chunk;
        EXPECT_EQ(status_of(s.exchange(std::string(put_chunked) + chunks + "0\r\n\r\n")), status)
            << most << " " << size;
    }
    auto waiting = s.connect();
    waiting.send(put("/take", 7, "Expect: 100-continue\r\n"));
    EXPECT_EQ(status_of(waiting.read_all()), "413") << "before a byte of it is sent";
}

TEST_F(ConnectionBody, LeavesOtherRoutesTheirLimit) {
    limit = 100;
    served s(routes(), {.limits = {.max_body_bytes = 10}});
    EXPECT_EQ(status_of(s.exchange("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world")), "413");
    EXPECT_EQ(status_of(s.exchange("POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world")), "413");
    auto client = s.connect();
    for (int i = 0; i < 2; ++i) {
        client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("hel");
        client.send("lo");
        EXPECT_EQ(body_of(client.read_response()), "hello");
        client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        EXPECT_EQ(body_of(client.read_response()), "hello");
    }
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    EXPECT_EQ(status_of(client.read_all()), "413");
}

TEST_F(ConnectionBody, ThatIsMalformedIsRefused) {
    served s(routes());
    EXPECT_EQ(status_of(s.exchange(std::string(put_chunked) + "5\r\nhello\r\nnonsense\r\n")), "400");
    EXPECT_NE(ended, "well");
}

TEST_F(ConnectionBody, MayTakeLongAsLongAsItComes) {
    served s(routes(), {.timeouts = {.body = 100ms, .handler = 150ms}});
    auto client = s.connect();
    client.send(put("/take", 100));
    for (int i = 0; i < 50; ++i) {
        s.pass(50ms);
        client.send("x");
    }
    EXPECT_EQ(taken.size(), 50u);
    s.pass(150ms);
    EXPECT_EQ(status_of(client.read_to("}}")), "408");
    s.loop.poll();
    EXPECT_EQ(ended, make_error_code(errc::closed).message());
}

TEST_F(ConnectionBody, IsNotWaitedForByAHandlerThatDoesSomethingElse) {
    served s(routes(), {.timeouts = {.body = 1000ms, .handler = 100ms}});
    auto client = s.connect();
    client.send(put("/when-told", 100));
    s.pass(150ms);
    EXPECT_EQ(status_of(client.read_to("}}")), "503");
}

TEST_F(ConnectionBody, SaysThatTheClientHasGone) {
    served s(routes());
    for (const bool politely : {true, false}) {
        auto client = s.connect();
        client.send(put("/take", 100) + "hello");
        EXPECT_EQ(taken, "hello");
        if (politely)
            client.finish_sending();
        else
            client.close();
        EXPECT_TRUE(s.loop.until([&] { return ended != "no"; }));
        EXPECT_EQ(ended, make_error_code(errc::closed).message());
        EXPECT_TRUE(s.loop.until([&] { return s.server->connections() == 0; }));
    }
}

TEST_F(ConnectionBody, LosesNothingWhenAReadIsCancelled) {
    router r;
    std::string heard;
    r.put("/impatient", [&heard](request, body_reader body) -> awaitable<response> {
        while (true) {
            try {
                const auto piece = co_await with_deadline(body.read(), deadline::after(1ms));
                if (piece.empty())
                    co_return response::text(heard);
                heard += piece;
            } catch (const error& e) {
                if (e.code() != errc::timed_out)
                    throw;
                heard += ".";
            }
        }
    });
    served s(std::move(r));
    auto client = s.connect();
    client.send(put("/impatient", 10));
    for (const auto* part : {"hello", "world"}) {
        const auto dots = std::ranges::count(heard, '.');
        EXPECT_TRUE(s.loop.until([&] { return std::ranges::count(heard, '.') > dots; }));
        client.send(part);
    }
    auto body = body_of(client.read_response());
    std::erase(body, '.');
    EXPECT_EQ(body, "helloworld");
}

TEST_F(ConnectionBody, IsBehindTheGuards) {
    router r;
    r.use([](request& q) { return q.header("X-Key") == "k" ? std::nullopt : std::optional(response(401)); });
    r.put("/take", take());
    served s(std::move(r));
    EXPECT_EQ(status_of(s.exchange(put("/take", 5, "Expect: 100-continue\r\n"))), "401");
    EXPECT_EQ(ended, "");
    EXPECT_EQ(status_of(s.exchange(put("/take", 5, "X-Key: k\r\n") + "hello")), "200");
}

TEST_F(ConnectionBody, OfAPreflightIsNotRead) {
    router r;
    r.any("/take", take());
    served s(std::move(r), {.cors = cors_options{.origins = {"*"}}});
    const auto answer = s.exchange("OPTIONS /take HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n"
                                   "Access-Control-Request-Method: PUT\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(status_of(answer), "204");
    EXPECT_EQ(field_of(answer, "Connection"), "close");
    EXPECT_EQ(ended, "");
}

TEST_F(ConnectionBody, EndsWithTheServer) {
    served s(routes());
    auto client = s.connect();
    client.send(put("/take", 100) + "hello");
    s.server.reset();
    EXPECT_TRUE(s.loop.until([&] { return ended != "no"; }));
    EXPECT_EQ(ended, make_error_code(errc::closed).message());
}

TEST_F(ConnectionBody, IsGivenByARouterWithoutAServer) {
    test_loop loop;
    const auto r = routes();
    const auto ask = [&] { return loop.get(r.handle({.method = method::put, .target = "/take", .body = "hello"})); };
    EXPECT_EQ(ask().body, "hello");
    EXPECT_EQ(announced, 5u);
    limit = 4;
    EXPECT_EQ(ask().status, 413);
}

// As Connection.AnswersOrClosesWhateverIsSent.
TEST_F(ConnectionBody, IsAnsweredOrCutWhateverIsSent) {
    const bool thorough = std::getenv("INFRA_TEST_LONG") != nullptr;
    served s(routes(), {.limits = {.max_header_bytes = 512, .max_body_bytes = 256},
                        .timeouts = {.header = 50ms, .body = 50ms, .idle = 50ms, .handler = 50ms}});
    const std::string seeds[] = {
        put("/take", 5) + "hello" + put("/take", 2) + "ok",
        std::string(put_chunked) + "5\r\nhello\r\n0\r\na: b\r\n\r\n" + put("/refuse", 1) + "x",
        put("/refuse", 5) + "hello" + put("/take", 0),
        put("/take", 3, "Expect: 100-continue\r\n") + "abc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + put("/take", 5) + "hello",
    };
    std::mt19937 random(20260102);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (int round = 0; round < (thorough ? 50'000 : 1'500); ++round) {
        const auto bytes = mutated(seeds[below(std::size(seeds))], random);
        auto client = s.connect();
        const auto cut = below(bytes.size() + 1);
        client.send(std::string_view(bytes).substr(0, cut));
        client.send(std::string_view(bytes).substr(cut));
        if (below(2))
            client.finish_sending();
        for (int i = 0; i < 300 && !client.closed(); ++i)
            s.pass(10ms);
        ASSERT_TRUE(client.closed()) << bytes;
        ASSERT_TRUE(client.received().empty() || client.received().starts_with("HTTP/1.1 ")) << bytes;
        client.close();
        s.loop.poll();
        ASSERT_EQ(s.server->connections(), 0u) << bytes;
    }
}

} // namespace
} // namespace infra::http
