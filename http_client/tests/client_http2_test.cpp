#include <infra/http_client.hpp>

#include "tests/support.hpp"
#include "tests/tls_server.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace infra::http {
namespace {

using namespace std::string_view_literals;

/// As much of RFC 9113 as a server needs that has one thing to say.
namespace http2 {

enum kind : std::uint8_t { data = 0, header = 1, reset = 3, settings = 4, ping = 6, goaway = 7, window_update = 8 };
enum flag : std::uint8_t { ack = 1, end_stream = 1, end_headers = 4 };

struct frame {
    std::uint8_t what = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    std::string payload{};
};

std::string big_endian(std::uint32_t value, int bytes) {
    std::string text;
    while (bytes-- > 0)
        text += static_cast<char>(value >> 8 * bytes & 0xff);
    return text;
}

std::uint32_t number(std::string_view big_endian) {
    std::uint32_t value = 0;
    for (const char c : big_endian)
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

std::string to_bytes(const frame& f) {
    return big_endian(static_cast<std::uint32_t>(f.payload.size()), 3) + static_cast<char>(f.what) +
           static_cast<char>(f.flags) + big_endian(f.stream, 4) + f.payload;
}

// 0x88 is ":status: 200" in HPACK's static table.
std::string answer(std::uint32_t stream, std::string body) {
    return to_bytes({header, end_headers, stream, "\x88"}) + to_bytes({data, end_stream, stream, std::move(body)});
}

class reader {
public:
    explicit reader(connection& from) : from_(from) {}

    awaitable<std::string> take(std::size_t size) {
        while (buffer_.size() < size) {
            auto more = co_await from_.read_some();
            if (more.empty())
                throw boost::system::system_error(asio::error::eof);
            buffer_ += more;
        }
        auto taken = buffer_.substr(0, size);
        buffer_.erase(0, size);
        co_return taken;
    }

    awaitable<frame> next() {
        const auto head = co_await take(9);
        const std::string_view view = head;
        frame f{static_cast<std::uint8_t>(head[3]), static_cast<std::uint8_t>(head[4]), number(view.substr(5)), {}};
        f.payload = co_await take(number(view.substr(0, 3)));
        co_return f;
    }

private:
    connection& from_;
    std::string buffer_;
};

/// Gives `reply(stream)` to each request that is complete, and tells `saw` of every frame.
test_server::script answering(
    std::function<std::string(std::uint32_t)> reply, std::function<void(const frame&)> saw = [](const frame&) {}) {
    return [reply, saw](connection& c) -> awaitable<void> {
        reader from(c);
        const auto preface = co_await from.take(24);
        EXPECT_EQ(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        co_await c.write(to_bytes({settings}));
        while (true) {
            const auto f = co_await from.next();
            saw(f);
            if ((f.what == settings || f.what == ping) && !(f.flags & ack))
                co_await c.write(to_bytes({f.what, ack, 0, f.what == ping ? f.payload : ""}));
            if ((f.what == header || f.what == data) && f.flags & end_stream)
                co_await c.write(reply(f.stream));
        }
    };
}

} // namespace http2

struct ClientHttp2 : ::testing::Test {
    test_loop loop;
    const testing::test_authority authority;
    const client http{loop.get_executor(), {.http2 = true, .tls = {.ca_file = authority.ca_file()}}};

    test_server serve(test_server::script play) {
        return {loop.get_executor(), std::move(play), over_http2(authority.issue())};
    }
    static std::string url(const test_server& server) { return "https://" + server.authority() + "/"; }
};

TEST_F(ClientHttp2, CarriesRequestsInBothDirections) {
    std::string sent;
    const auto server = serve(http2::answering([](auto stream) { return http2::answer(stream, "ok"); },
                                               [&](const http2::frame& f) {
                                                   if (f.what == http2::data)
                                                       sent += f.payload;
                                               }));
    const auto got = loop.run(http.send({.method = method::post, .url = url(server), .body = "hello"}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 200);
    EXPECT_EQ(got->value->body, "ok");
    EXPECT_EQ(sent, "hello");
}

TEST_F(ClientHttp2, SharesAConnectionAmongRequestsAtOnce) {
    std::vector<std::uint32_t> held;
    const auto server = serve(http2::answering([&](std::uint32_t stream) {
        if (stream == 1)
            return http2::answer(stream, "ok");
        held.push_back(stream);
        std::string all;
        if (held.size() == 3) // the last first
            for (; !held.empty(); held.pop_back())
                all += http2::answer(held.back(), "ok");
        return all;
    }));
    ASSERT_TRUE(loop.run(http.send({.url = url(server)}))->value);
    std::vector<std::shared_ptr<outcome<client_response>>> got;
    for (int i = 0; i < 3; ++i)
        got.push_back(loop.spawn(http.send({.url = url(server)})));
    loop.until([&] { return got[0]->done() && got[1]->done() && got[2]->done(); });
    for (const auto& each : got)
        EXPECT_TRUE(each->value) << each->what();
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientHttp2, CancellingARequestResetsItsStreamAlone) {
    bool reset = false;
    const auto server =
        serve(http2::answering([](auto stream) { return stream == 1 ? "" : http2::answer(stream, "ok"); },
                               [&](const http2::frame& f) { reset |= f.what == http2::reset && f.stream == 1; }));
    asio::cancellation_signal cancel;
    const auto first = loop.spawn(http.send({.url = url(server)}), cancel.slot());
    loop.settle();
    loop.cancel(cancel);
    loop.until([&] { return first->done(); });
    EXPECT_EQ(first->code(), asio::error::operation_aborted);
    const auto second = loop.run(http.send({.url = url(server)}));
    EXPECT_TRUE(second->value) << second->what();
    loop.until([&] { return reset; });
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientHttp2, AResetStreamIsALostAnswer) {
    constexpr auto internal_error = "\0\0\0\2"sv;
    const auto server = serve(http2::answering(
        [&](auto stream) { return http2::to_bytes({http2::reset, 0, stream, std::string(internal_error)}); }));
    EXPECT_EQ(loop.run(http.send({.url = url(server)}))->code(), client_errc::lost);
}

TEST_F(ClientHttp2, AnEndBeforeTheAnswersIsALostAnswer) {
    const auto server = serve([](connection& c) -> awaitable<void> {
        co_await c.read_some();
        co_await c.write(http2::to_bytes({http2::settings}) + http2::to_bytes({http2::header, 4, 1, "\x88"}));
    });
    EXPECT_EQ(loop.run(http.send({.url = url(server)}))->code(), client_errc::lost);
}

TEST_F(ClientHttp2, BoundsTheBodyToo) {
    const auto server = serve(http2::answering([](auto stream) { return http2::answer(stream, "much"); }));
    EXPECT_EQ(loop.run(http.send({.url = url(server), .max_response_body = 3}))->code(), client_errc::too_large);
}

// --- Streams ----------------------------------------------------------------------------------------------------

std::string frames_of(std::uint32_t stream, std::string_view body) {
    auto all = http2::to_bytes({http2::header, http2::end_headers, stream, "\x88"});
    for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 16'384)))
        all += http2::to_bytes({http2::data, 0, stream, std::string(body.substr(0, 16'384))});
    return all + http2::to_bytes({http2::data, http2::end_stream, stream, ""});
}

awaitable<std::string> all_of(client_stream& from) {
    std::string all;
    while (true) {
        const auto piece = co_await from.read();
        if (piece.empty())
            co_return all;
        all += piece;
    }
}

TEST_F(ClientHttp2, StreamsAnAnswer) {
    const std::string body(3'000'000, 'x');
    const auto server = serve(http2::answering([&](auto stream) { return frames_of(stream, body); }));
    const client small(loop.get_executor(),
                       {.http2 = true, .tls = {.ca_file = authority.ca_file()}, .stream_buffer = 64 * 1024});
    for (int i = 0; i < 2; ++i) {
        const auto got = loop.run(small.open({.url = url(server)}));
        ASSERT_TRUE(got->value) << got->what();
        loop.settle(); // it is full
        EXPECT_EQ(loop.get(all_of(*got->value)), body);
    }
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientHttp2, AStreamThatNobodyReadsHoldsUpNoOther) {
    const auto server = serve(http2::answering(
        [](auto stream) { return frames_of(stream, stream == 1 ? std::string(1'000'000, 'x') : std::string("ok")); }));
    const client small(loop.get_executor(),
                       {.http2 = true, .tls = {.ca_file = authority.ca_file()}, .stream_buffer = 64 * 1024});
    const auto unread = loop.run(small.open({.url = url(server)}));
    ASSERT_TRUE(unread->value) << unread->what();
    loop.settle();
    const auto other = loop.run(small.send({.url = url(server)}));
    ASSERT_TRUE(other->value) << other->what();
    EXPECT_EQ(other->value->body, "ok");
    EXPECT_EQ(loop.get(all_of(*unread->value)).size(), 1'000'000u);
}

TEST_F(ClientHttp2, DroppingAStreamResetsItAlone) {
    bool reset = false;
    const auto server = serve(http2::answering(
        [](auto stream) {
            return stream == 1 ? http2::to_bytes({http2::header, http2::end_headers, stream, "\x88"})
                               : http2::answer(stream, "ok");
        },
        [&](const http2::frame& f) { reset |= f.what == http2::reset && f.stream == 1; }));
    {
        const auto dropped = loop.run(http.open({.url = url(server)}));
        ASSERT_TRUE(dropped->value) << dropped->what();
    }
    const auto second = loop.run(http.send({.url = url(server)}));
    EXPECT_TRUE(second->value) << second->what();
    loop.until([&] { return reset; });
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientHttp2, SendsFromASource) {
    std::size_t sent = 0;
    const auto server = serve([&](connection& c) -> awaitable<void> {
        http2::reader from(c);
        co_await from.take(24);
        co_await c.write(http2::to_bytes({http2::settings}));
        while (true) {
            const auto f = co_await from.next();
            if (f.what == http2::settings && !(f.flags & http2::ack))
                co_await c.write(http2::to_bytes({http2::settings, http2::ack, 0, ""}));
            if (f.what != http2::data)
                continue;
            sent += f.payload.size();
            if (f.flags & http2::end_stream)
                co_await c.write(http2::answer(f.stream, "ok"));
            else if (!f.payload.empty()) {
                const auto taken = http2::big_endian(static_cast<std::uint32_t>(f.payload.size()), 4);
                co_await c.write(http2::to_bytes({http2::window_update, 0, 0, taken}) +
                                 http2::to_bytes({http2::window_update, 0, f.stream, taken}));
            }
        }
    });
    for (const auto size : {std::optional<std::uint64_t>(1'000'000), std::optional<std::uint64_t>()}) {
        sent = 0;
        int left = 100;
        const auto next = [&]() -> awaitable<std::string> {
            const auto ex = co_await asio::this_coro::executor;
            for (int i = 0; i < 3; ++i)
                co_await asio::post(ex, asio::use_awaitable);
            co_return left-- > 0 ? std::string(10'000, 'x') : std::string();
        };
        const auto got =
            loop.run(http.send({.method = method::put, .url = url(server), .body_source = next, .body_size = size}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(sent, 1'000'000u);
    }
    EXPECT_EQ(server.accepted(), 1);
}

// Beyond the window that the server grants, libcurl 7.88 hears it as a lost connection at best.
TEST_F(ClientHttp2, HearsARefusalWhileItWaitsForTheSource) {
    const auto server = serve([](connection& c) -> awaitable<void> {
        http2::reader from(c);
        co_await from.take(24);
        co_await c.write(http2::to_bytes({http2::settings}));
        for (std::uint32_t answered = 0;;) {
            const auto f = co_await from.next();
            if (f.what == http2::data && f.stream != std::exchange(answered, f.stream)) // 0x08: ":status" and a value
                co_await c.write(
                    http2::to_bytes({http2::header, http2::end_headers, f.stream, "\x08\x03\x34\x31\x33"}) +
                    http2::to_bytes({http2::data, http2::end_stream, f.stream, "no"}));
        }
    });
    int pieces = 0;
    const auto next = [&]() -> awaitable<std::string> {
        asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        if (++pieces > 3)
            co_await never.async_wait(asio::use_awaitable);
        co_return std::string(1000, 'x');
    };
    const auto got = loop.run(http.send({.method = method::put, .url = url(server), .body_source = next}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 413);
    EXPECT_EQ(got->value->body, "no");
}

TEST_F(ClientHttp2, GivesWayToHttp1) {
    const test_server old(loop.get_executor(), answering(response(200, "ok")), over_tls(authority.issue()));
    const auto got = loop.run(http.send({.url = url(old)}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "ok");
}

TEST_F(ClientHttp2, IsNotOfferedUnasked) {
    const auto server = serve(answering(response(200, "ok")));
    const client plain(loop.get_executor(), {.tls = {.ca_file = authority.ca_file()}});
    const auto got = loop.run(plain.send({.url = url(server)}));
    ASSERT_TRUE(got->value) << got->what();
}

} // namespace
} // namespace infra::http
