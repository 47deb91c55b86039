// Responses read while they come.

#include <infra/http_client.hpp>

#include "tests/support.hpp"
#include "tests/telemetry_recorder.hpp"
#include "tests/tls_server.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t budget = 64 * 1024;

// What the kernel keeps between two ends of a connection, and libcurl before it finds our buffer full.
constexpr std::size_t most_in_between = 16 * 1024 * 1024;

std::string numbered(std::size_t size) {
    std::string text;
    text.reserve(size + 16);
    for (std::size_t i = 0; text.size() < size; ++i)
        text.append(std::to_string(i)).append(" ");
    text.resize(size);
    return text;
}

std::string head_of(std::size_t length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

awaitable<std::string> read_to_end(client_stream& from) {
    std::string all;
    while (true) {
        const auto piece = co_await from.read();
        if (piece.empty())
            co_return all;
        EXPECT_LE(piece.size(), 256u * 1024);
        all += piece;
    }
}

awaitable<std::string> get(const client& http, client_request request) {
    auto stream = co_await http.open(std::move(request));
    co_return co_await read_to_end(stream);
}

struct ClientStream : ::testing::Test {
    test_loop loop;
    manual_clock time;
    client http{loop.get_executor(), {.stream_buffer = budget}, time};
    std::size_t written = 0; // by the server

    /// Writes `size` bytes in pieces, and counts those that the connection has taken.
    test_server::script pouring(std::size_t size) {
        return [this, size](connection& c) -> awaitable<void> {
            co_await c.read_request();
            co_await c.write(head_of(size));
            for (written = 0; written < size; written += 64 * 1024)
                co_await c.write(std::string(64 * 1024, 'x'));
            co_await c.read_some();
        };
    }

    std::shared_ptr<outcome<client_stream>> open(const std::string& url) { return loop.run(http.open({.url = url})); }
};

TEST_F(ClientStream, ReturnsAtTheHead) {
    bool head_seen = false;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.read_request();
        co_await c.write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 206 X\r\nX-Id: 7\r\nContent-Length: 4\r\n\r\n");
        while (!head_seen)
            co_await asio::post(loop.io, asio::use_awaitable);
        co_await c.write("body");
    });
    const auto got = open(server.url("/a?b=c"));
    ASSERT_TRUE(got->value) << got->what();
    const auto& head = got->value->head();
    EXPECT_EQ(head.status, 206);
    EXPECT_EQ(head.headers.get("x-id"), "7");
    EXPECT_EQ(head.headers.get("content-length"), "4");
    EXPECT_EQ(head.effective_url, server.url("/a?b=c"));
    EXPECT_EQ(head.body, "");
    EXPECT_GT(head.timings.total, 0us);
    head_seen = true;
    EXPECT_EQ(loop.get(read_to_end(*got->value)), "body");
    EXPECT_EQ(loop.get(got->value->read()), "");
}

TEST_F(ClientStream, GivesAllBytesInOrder) {
    const auto body = numbered(5'000'000);
    const test_server server(loop.get_executor(), answering(response(200, body)));
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), body);
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), body);
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientStream, GivesChunksWithoutTheirFrames) {
    const auto body = numbered(300'000);
    const test_server server(loop.get_executor(),
                             writing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                                     "493e0\r\n" +
                                     body + "\r\n0\r\nX-Sum: 1\r\n\r\n"));
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), "abc" + body);
}

TEST_F(ClientStream, EndsWithTheConnectionWhereNothingElseSaysSo) {
    const test_server server(loop.get_executor(), writing("HTTP/1.1 200 OK\r\n\r\nbody"));
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), "body");
}

TEST_F(ClientStream, EndsAtOnceWithoutABody) {
    const test_server server(loop.get_executor(), answering("HTTP/1.1 204 X\r\n\r\n"));
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), "");
    const test_server heads(loop.get_executor(), answering(head_of(1000)));
    EXPECT_EQ(loop.get(get(http, {.method = method::head, .url = heads.url()})), "");
}

TEST_F(ClientStream, KeepsTheServerBackWhileNobodyReads) {
    constexpr std::size_t size = 64 * 1024 * 1024;
    const test_server server(loop.get_executor(), pouring(size));
    const auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    loop.settle();
    EXPECT_GE(written, budget);
    EXPECT_LT(written, most_in_between);
    EXPECT_EQ(loop.get(read_to_end(*got->value)).size(), size);
}

TEST_F(ClientStream, HasNoLimitUnlessAskedFor) {
    const auto body = numbered(100'000);
    const test_server server(loop.get_executor(), answering(response(200, body)));
    const client small(loop.get_executor(), {.max_response_body = 10}, time);
    EXPECT_EQ(loop.get(get(small, {.url = server.url()})), body);
    EXPECT_EQ(loop.run(get(small, {.url = server.url(), .max_response_body = 99'999}))->code(), client_errc::too_large);
}

TEST_F(ClientStream, DecodesUnlessTheCallerAsksForTheCoding) {
    constexpr std::string_view gzipped( // printf hello | gzip -n9
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00", 25);
    const test_server server(loop.get_executor(), answering(response(200, gzipped, "Content-Encoding: gzip\r\n")));
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), "hello");
    EXPECT_EQ(loop.get(get(http, {.url = server.url(), .headers = {{"accept-encoding", "identity"}}})), gzipped);
}

TEST_F(ClientStream, UnpacksMoreThanTheBufferHolds) {
    // A mebibyte of zeros, as zlib packs it: a first block, one match after the other, the end.
    std::string bomb(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\xf5\x4f\x6d\x08\x5f\xa0", 25);
    bomb.append(1016, '\0');
    bomb.append("\x3e\x03\x1c\xea\x38\xa7\x00\x00\x10\x00", 10);
    const test_server server(loop.get_executor(), answering(response(200, bomb, "Content-Encoding: gzip\r\n")));
    EXPECT_EQ(loop.get(get(http, {.url = server.url()})), std::string(1024 * 1024, '\0'));
}

// --- Failures ---------------------------------------------------------------------------------------------------

TEST_F(ClientStream, FailsBeforeTheHeadLikeASend) {
    const test_server server(loop.get_executor(), writing("HTTP/1.1 200 OK\r\nX-"));
    const auto got = open(server.url());
    EXPECT_EQ(got->code(), client_errc::lost);
    EXPECT_TRUE(may_have_arrived(got->failure));
}

TEST_F(ClientStream, ThrowsAfterTheBytesBeforeACut) {
    const test_server server(loop.get_executor(), writing(head_of(10) + "half"));
    const auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(loop.get(got->value->read()), "half");
    for (int i = 0; i < 2; ++i) {
        const auto cut = loop.run(got->value->read());
        EXPECT_EQ(cut->code(), client_errc::lost);
        EXPECT_EQ(cut->what(),
                  "GET " + server.authority() + ": the connection ended too early while receiving the response");
    }
}

TEST_F(ClientStream, TellsABrokenChunkFromAnEnd) {
    const test_server server(loop.get_executor(),
                             writing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n"));
    EXPECT_EQ(loop.run(get(http, {.url = server.url()}))->code(), client_errc::protocol);
}

TEST_F(ClientStream, WaitsForEachPieceUntilItsOwnDeadline) {
    bool more = false;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.read_request();
        co_await c.write(head_of(8) + "half");
        while (!more)
            co_await asio::post(loop.io, asio::use_awaitable);
        co_await c.write("rest");
    });
    const auto got = loop.run(http.open({.url = server.url(), .deadline = deadline(time.steady() + 1s)}));
    ASSERT_TRUE(got->value) << got->what();
    time.advance(2s); // the deadline of the head
    EXPECT_EQ(loop.get(got->value->read()), "half");
    const auto late = loop.spawn(got->value->read(deadline(time.steady() + 5s)));
    loop.until([&] { return time.sleepers() == 1; });
    time.advance(5s);
    loop.until([&] { return late->done(); });
    EXPECT_EQ(late->code(), errc::timed_out);
    EXPECT_EQ(late->what(), "GET " + server.authority() + ": the deadline passed while receiving the response");
    more = true;
    EXPECT_EQ(loop.get(got->value->read()), "rest");
    EXPECT_EQ(loop.get(got->value->read()), "");
}

TEST_F(ClientStream, LosesNothingWhenAReadIsCancelled) {
    bool more = false;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.read_request();
        co_await c.write(head_of(4));
        while (!more)
            co_await asio::post(loop.io, asio::use_awaitable);
        co_await c.write("body");
    });
    const auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    asio::cancellation_signal cancel;
    const auto cancelled = loop.spawn(got->value->read(), cancel.slot());
    loop.cancel(cancel);
    loop.until([&] { return cancelled->done(); });
    EXPECT_EQ(cancelled->code(), asio::error::operation_aborted);
    EXPECT_EQ(cancelled->what(), "GET " + server.authority() + ": cancelled while receiving the response");
    more = true;
    EXPECT_EQ(loop.get(read_to_end(*got->value)), "body");
}

TEST_F(ClientStream, ReadsAllThatIsLeftUpToALimit) {
    const test_server server(loop.get_executor(), answering(response(404, "no such thing")));
    EXPECT_EQ(loop.get(open(server.url())->value->read_all(13)), "no such thing");
    EXPECT_EQ(loop.run(open(server.url())->value->read_all(12))->code(), client_errc::too_large);
}

// --- The end ----------------------------------------------------------------------------------------------------

TEST_F(ClientStream, IsAbandonedWhenItIsDropped) {
    const test_server server(loop.get_executor(), pouring(64 * 1024 * 1024));
    auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(server.open(), 1);
    got.reset();
    loop.until([&] { return server.open() == 0; });
}

TEST_F(ClientStream, IsCutWhenTheClientStops) {
    const test_server server(loop.get_executor(), pouring(64 * 1024 * 1024));
    const auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    const auto stopped = loop.spawn(http.stop(deadline(time.steady() + 1s)));
    loop.until([&] { return time.sleepers() == 1; });
    EXPECT_FALSE(stopped->done());
    time.advance(1s);
    loop.until([&] { return stopped->done(); });
    EXPECT_EQ(loop.run(read_to_end(*got->value))->code(), errc::closed);
}

TEST_F(ClientStream, OutlivesItsClientToSaySo) {
    const test_server server(loop.get_executor(), pouring(64 * 1024 * 1024));
    const auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    http = client(loop.get_executor());
    EXPECT_EQ(loop.run(read_to_end(*got->value))->code(), errc::closed);
}

TEST_F(ClientStream, MayBeReadToItsEndWhileTheClientStops) {
    const auto body = numbered(1'000'000);
    const test_server server(loop.get_executor(), answering(response(200, body)));
    const auto got = open(server.url());
    ASSERT_TRUE(got->value) << got->what();
    const auto stopped = loop.spawn(http.stop(deadline::after(30s, time.steady())));
    loop.settle();
    EXPECT_FALSE(stopped->done());
    EXPECT_EQ(loop.get(read_to_end(*got->value)), body);
    loop.until([&] { return stopped->done(); });
}

TEST_F(ClientStream, CancellationIsSafeAfterAnyStep) {
    const test_server server(loop.get_executor(), answering(response(200, numbered(500'000))));
    for (int steps = 0; steps < 60; ++steps) {
        asio::cancellation_signal cancel;
        const auto got = loop.spawn(get(http, {.url = server.url()}), cancel.slot());
        for (int i = 0; i < steps && !got->done(); ++i) {
            loop.io.restart();
            loop.io.run_one_for(1s);
        }
        loop.cancel(cancel);
        loop.until([&] { return got->done(); });
        EXPECT_TRUE(got->value || got->code() == asio::error::operation_aborted) << got->what();
    }
    loop.until([&] { return server.open() <= 1; });
}

TEST_F(ClientStream, FollowsARedirectToTheBody) {
    const test_server server(loop.get_executor(), answering([](const std::string& request) {
                                 return request.starts_with("GET /a ") ? response(307, "gone", "Location: /b\r\n")
                                                                       : response(200, "here");
                             }));
    const client following(loop.get_executor(), {.max_redirects = 1}, time);
    EXPECT_EQ(loop.get(get(following, {.url = server.url("/a")})), "here");
}

// --- Telemetry --------------------------------------------------------------------------------------------------

TEST_F(ClientStream, CountsOnceAtItsEnd) {
    const telemetry_recorder recorder;
    const test_server server(loop.get_executor(), answering(response(200, "body")));
    {
        const auto got = open(server.url());
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_TRUE(recorder.touched().empty());
        EXPECT_FALSE(recorder.spans().at(0).ended);
        EXPECT_EQ(loop.get(read_to_end(*got->value)), "body");
        EXPECT_TRUE(recorder.spans().at(0).ended);
    }
    EXPECT_EQ(recorder.spans().at(0).attributes.at("http.response.status_code"), "200");
    EXPECT_EQ(recorder.touched(),
              (std::map<std::string, int>{{"http_client_requests_total{method=GET,host=127.0.0.1,status=200}", 1},
                                          {"http_client_request_duration_seconds{method=GET,host=127.0.0.1}", 1}}));
}

TEST_F(ClientStream, CountsWhatFailedAndWhatWasDropped) {
    const telemetry_recorder recorder;
    const test_server server(loop.get_executor(), writing(head_of(10) + "half"));
    EXPECT_EQ(loop.run(get(http, {.url = server.url()}))->code(), client_errc::lost);
    EXPECT_EQ(recorder.spans().at(0).attributes.at("error.type"), "lost");
    ASSERT_TRUE(open(server.url())->value);
    EXPECT_EQ(recorder.spans().at(1).attributes.at("error.type"), "cancelled");
    auto touched = recorder.touched();
    EXPECT_EQ(touched["http_client_requests_total{method=GET,host=127.0.0.1,status=lost}"], 1);
    EXPECT_EQ(touched["http_client_requests_total{method=GET,host=127.0.0.1,status=cancelled}"], 1);
}

awaitable<std::pair<span_context, span_context>> spans_around(const client& http, std::string url) {
    const telemetry::span mine("mine");
    auto stream = co_await http.open({.url = std::move(url)});
    const auto open = current_span();
    co_await stream.read();
    co_await stream.read();
    EXPECT_EQ(current_span(), mine.context());
    co_return std::pair(mine.context(), open);
}

TEST_F(ClientStream, LeavesTheCallersSpanTheActiveOne) {
    const telemetry_recorder recorder;
    std::string seen;
    const test_server server(loop.get_executor(), answering([&](std::string request) {
                                 seen = std::move(request);
                                 return response(200, "body");
                             }));
    const auto [mine, while_open] = loop.get(spans_around(http, server.url()));
    EXPECT_EQ(while_open, mine);
    EXPECT_EQ(recorder.spans().at(1).parent, mine.span);
    EXPECT_EQ(field_of(seen, "traceparent"), format_traceparent(recorder.spans().at(1).self));
}

// --- Threads ----------------------------------------------------------------------------------------------------

awaitable<std::size_t> read_slowly(const client& http, std::string url, int yields) {
    auto stream = co_await http.open({.url = std::move(url)});
    std::size_t sum = 0;
    while (true) {
        const auto piece = co_await stream.read();
        if (piece.empty())
            co_return sum;
        sum += piece.size();
        for (int i = 0; i < yields; ++i)
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
}

TEST(ClientStreamThreads, ReadFromAnyLoop) {
    constexpr std::size_t size = 8 * 1024 * 1024;
    event_loops loops(3);
    const test_server server(loops[0].get_executor(), answering(response(200, std::string(size, 'x'))));
    loops.start();
    const client http(loops[1].get_executor(), {.stream_buffer = budget});
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 3; ++i)
                EXPECT_EQ(wait(read_slowly(http, server.url(), i * 3), loops[t % 3].get_executor()), size);
        });
    for (auto& each : threads)
        each.join();
    loops.stop();
}

TEST(ClientStreamThreads, FollowRedirectsFromElsewhere) {
    event_loops loops(2);
    const test_server server(loops[0].get_executor(), answering([](const std::string& request) {
                                 return request.starts_with("GET /a ")
                                            ? response(307, std::string(200'000, 'x'), "Location: /b\r\n")
                                            : response(200, "here");
                             }));
    loops.start();
    const client http(loops[0].get_executor(), {.max_redirects = 1, .stream_buffer = budget});
    for (int round = 0; round < 20; ++round)
        EXPECT_EQ(wait(get(http, {.url = server.url("/a")}), loops[1].get_executor()), "here");
    loops.stop();
}

TEST(ClientStreamThreads, DropAndDestroyFromElsewhere) {
    event_loops loops(2);
    const test_server server(loops[0].get_executor(), answering(response(200, std::string(1024 * 1024, 'x'))));
    loops.start();
    for (int round = 0; round < 30; ++round) {
        auto http = std::make_unique<client>(loops[0].get_executor(), client_options{.stream_buffer = budget});
        auto stream = wait(http->open({.url = server.url()}), loops[1].get_executor());
        if (round % 3 > 0)
            wait(stream.read(), loops[1].get_executor());
        if (round % 2)
            http.reset();
    }
    loops.stop();
}

// --- Memory -----------------------------------------------------------------------------------------------------

TEST(ClientStreamMemory, IsBoundedHoweverLongTheBodyIs) {
    const std::size_t size = std::getenv("INFRA_TEST_LONG") ? std::size_t{1} << 30 : std::size_t{1} << 28;
    event_loops loops(2);
    const test_server server(loops[0].get_executor(), [size](connection& c) -> awaitable<void> {
        co_await c.read_request();
        co_await c.write(head_of(size));
        for (std::size_t written = 0; written < size; written += 1 << 20)
            co_await c.write(std::string(1 << 20, 'x'));
    });
    loops.start();
    const client http(loops[1].get_executor(), {.decompress = false});
    const auto before = resident_bytes();
    std::size_t most = 0;
    const auto read = [&]() -> awaitable<std::size_t> {
        auto stream = co_await http.open({.url = server.url()});
        std::size_t sum = 0;
        while (true) {
            const auto piece = co_await stream.read();
            if (piece.empty())
                co_return sum;
            sum += piece.size();
            if (sum % (1 << 24) < piece.size())
                most = std::max(most, resident_bytes());
        }
    };
    EXPECT_EQ(wait(read(), loops[1].get_executor()), size);
    EXPECT_LT(most, before + (16 << 20) + leeway);
    loops.stop();
}

TEST(ClientStreamTls, GivesAllBytesInOrder) {
    test_loop loop;
    const testing::test_authority authority;
    const auto body = numbered(3'000'000);
    const test_server server(loop.get_executor(), answering(response(200, body)), over_tls(authority.issue()));
    const client http(loop.get_executor(), {.tls = {.ca_file = authority.ca_file()}, .stream_buffer = budget});
    EXPECT_EQ(loop.get(get(http, {.url = "https://" + server.authority() + "/"})), body);
}

} // namespace
} // namespace infra::http
