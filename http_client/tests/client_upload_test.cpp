// Bodies that come from a source while they are sent.

#include <infra/http_client.hpp>

#include "tests/support.hpp"
#include "tests/tls_server.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t budget = 64 * 1024;
constexpr std::size_t most_in_between = 16 * 1024 * 1024; // what the kernel keeps between two ends of a connection

std::string numbered(std::size_t size) {
    std::string text;
    text.reserve(size + 16);
    for (std::size_t i = 0; text.size() < size; ++i)
        text.append(std::to_string(i)).append(" ");
    text.resize(size);
    return text;
}

/// A request's head and its body, of a Content-Length or without the frames of its chunks.
struct upload {
    std::string head;
    std::string body;
    bool whole = false;
};

/// What is left of `bytes` after a whole chunk in front, appended to `body`; nothing where there is no whole one.
bool take_chunk(std::string& bytes, upload& to) {
    const auto line = bytes.find("\r\n");
    if (line == std::string::npos)
        return false;
    const auto size = std::stoul(bytes.substr(0, line), nullptr, 16);
    if (bytes.size() < line + 2 + size + 2)
        return false;
    to.body.append(bytes, line + 2, size);
    to.whole = size == 0;
    bytes.erase(0, line + 2 + size + 2);
    return true;
}

awaitable<upload> read_upload(connection& c) {
    upload got;
    std::string rest;
    while (rest.find("\r\n\r\n") == std::string::npos) {
        const auto more = co_await c.read_some();
        if (more.empty())
            co_return got;
        rest += more;
    }
    got.head = rest.substr(0, rest.find("\r\n\r\n") + 2);
    rest.erase(0, got.head.size() + 2);
    const auto length = field_of(got.head, "Content-Length");
    while (true) {
        if (length.empty())
            while (!got.whole && take_chunk(rest, got)) {
            }
        else
            got.whole = (got.body += std::exchange(rest, {})).size() == std::stoul(length);
        if (got.whole)
            co_return got;
        const auto more = co_await c.read_some();
        if (more.empty())
            co_return got;
        rest += more;
    }
}

/// Gives `text` in pieces, and lets the loop turn `yields` times before each.
body_source in_pieces(std::string text, std::size_t piece, int yields = 0) {
    auto left = std::make_shared<std::string>(std::move(text));
    auto offset = std::make_shared<std::size_t>(0);
    return [=]() -> awaitable<std::string> {
        const auto ex = co_await asio::this_coro::executor;
        for (int i = 0; i < yields; ++i)
            co_await asio::post(ex, asio::use_awaitable);
        auto next = left->substr(*offset, piece);
        *offset += next.size();
        co_return next;
    };
}

struct ClientUpload : ::testing::Test {
    test_loop loop;
    manual_clock time;
    client http{loop.get_executor(), {.stream_buffer = budget}, time};
    std::vector<upload> seen;
    int asked = 0;      // times an endless source was
    bool ended = false; // its coroutine

    test_server::script receiving(std::string reply = response(201, "kept")) {
        return [this, reply](connection& c) -> awaitable<void> {
            while (true) {
                seen.push_back(co_await read_upload(c));
                if (!seen.back().whole)
                    co_return;
                co_await c.write(reply);
            }
        };
    }

    client_request put(const test_server& server, body_source source, std::optional<std::uint64_t> size = {}) {
        return {.method = method::put, .url = server.url(), .body_source = std::move(source), .body_size = size};
    }

    struct noted {
        bool& to;
        ~noted() { to = true; }
    };

    body_source endless(std::size_t piece = 16 * 1024) {
        return [this, piece]() -> awaitable<std::string> {
            ++asked;
            co_return std::string(piece, 'x');
        };
    }
    body_source stuck_after(int pieces) {
        return [this, pieces]() -> awaitable<std::string> {
            if (asked++ < pieces)
                co_return std::string(1000, 'x');
            const noted end{ended};
            asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            co_await never.async_wait(asio::use_awaitable);
            co_return "";
        };
    }
};

TEST_F(ClientUpload, SendsWhatTheSourceGives) {
    const auto body = numbered(3'000'000);
    const test_server server(loop.get_executor(), receiving());
    for (const std::size_t piece : {100'000u, 1'000'000u, 999u}) {
        const auto got = loop.run(http.send(put(server, in_pieces(body, piece), body.size())));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->status, 201);
        EXPECT_EQ(got->value->body, "kept");
        EXPECT_EQ(field_of(seen.back().head, "Content-Length"), "3000000");
        EXPECT_EQ(seen.back().head.find("Expect"), std::string::npos);
        EXPECT_EQ(seen.back().body, body);
    }
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientUpload, SendsChunksWhereTheLengthIsUnknown) {
    const auto body = numbered(3'000'000);
    const test_server server(loop.get_executor(), receiving());
    for (const std::size_t piece : {100'000u, 1'000'000u, 9999u}) {
        const auto got = loop.run(http.send(put(server, in_pieces(body, piece))));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(field_of(seen.back().head, "Transfer-Encoding"), "chunked");
        EXPECT_EQ(seen.back().body, body);
    }
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientUpload, SendsNothingFromAnEmptySource) {
    const test_server server(loop.get_executor(), receiving());
    ASSERT_TRUE(loop.run(http.send(put(server, in_pieces("", 1), 0)))->value);
    ASSERT_TRUE(loop.run(http.send(put(server, in_pieces("", 1))))->value);
    EXPECT_EQ(seen.at(0).body + seen.at(1).body, "");
}

TEST_F(ClientUpload, WaitsForASlowSource) {
    const auto body = numbered(20'000);
    const test_server server(loop.get_executor(), receiving());
    for (const auto size : {std::optional<std::uint64_t>(body.size()), std::optional<std::uint64_t>()}) {
        const auto got = loop.run(http.send(put(server, in_pieces(body, 1000, 30), size)));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(seen.back().body, body);
    }
}

TEST_F(ClientUpload, KeepsTheSourceBackWhileTheServerDoesNotRead) {
    asio::steady_timer never(loop.io, asio::steady_timer::time_point::max());
    const test_server server(loop.get_executor(),
                             [&](connection&) -> awaitable<void> { co_await never.async_wait(asio::use_awaitable); });
    const auto got = loop.spawn(http.send(put(server, endless())));
    loop.settle();
    EXPECT_GE(static_cast<std::size_t>(asked) * 16 * 1024, budget);
    EXPECT_LT(static_cast<std::size_t>(asked) * 16 * 1024, most_in_between);
    time.advance(30s);
    loop.until([&] { return got->done(); });
    EXPECT_EQ(got->what(), "PUT " + server.authority() + ": the deadline passed while sending the request");
    EXPECT_TRUE(may_have_arrived(got->failure));
    never.cancel();
}

TEST_F(ClientUpload, StreamsTheAnswerToo) {
    const auto body = numbered(1'000'000);
    const test_server server(loop.get_executor(), receiving(response(200, body)));
    const auto both = [&]() -> awaitable<std::string> {
        auto stream = co_await http.open(put(server, in_pieces(body, 50'000), body.size()));
        co_return co_await stream.read_all(body.size());
    };
    EXPECT_EQ(loop.get(both()), body);
    EXPECT_EQ(seen.at(0).body, body);
}

TEST_F(ClientUpload, GivesNoHeadBeforeTheBodyIsSent) {
    const auto body = numbered(1'000'000);
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.write("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n" + body);
        seen.push_back(co_await read_upload(c));
    });
    const auto both = [&]() -> awaitable<std::string> {
        auto stream = co_await http.open(put(server, in_pieces(body, 5'000, 3)));
        co_return co_await stream.read_all(body.size());
    };
    EXPECT_EQ(loop.get(both()), body);
    loop.until([&] { return seen.size() == 1; });
    EXPECT_EQ(seen[0].body, body);
}

// --- Sources that fail ------------------------------------------------------------------------------------------

TEST_F(ClientUpload, ThrowsWhatTheSourceThrows) {
    const test_server server(loop.get_executor(), receiving());
    for (const int pieces : {0, 1, 100}) {
        int given = 0;
        const auto failing = [&]() -> awaitable<std::string> {
            if (given++ == pieces)
                throw std::domain_error("the file is gone");
            co_return std::string(10'000, 'x');
        };
        const auto before = seen.size();
        const auto got = loop.run(http.send(put(server, failing)));
        EXPECT_THROW(std::rethrow_exception(got->failure), std::domain_error);
        loop.until([&] { return server.open() == 0; });
        if (seen.size() > before)
            EXPECT_FALSE(seen.back().whole);
    }
}

TEST_F(ClientUpload, RefusesASourceOfAnotherLengthThanAnnounced) {
    const test_server server(loop.get_executor(), receiving());
    const auto fewer = loop.run(http.send(put(server, in_pieces("hello", 2), 6)));
    EXPECT_EQ(fewer->code(), errc::invalid_input);
    EXPECT_EQ(fewer->what(), "PUT " + server.authority() +
                                 ": body_source gave fewer bytes than body_size announced, which cannot be sent");
    EXPECT_EQ(loop.run(http.send(put(server, in_pieces("hello", 2), 3)))->code(), errc::invalid_input);
}

TEST_F(ClientUpload, RefusesABodyAndASource) {
    const auto send = [&](client_request request) { return loop.run(http.send(std::move(request)))->what(); };
    EXPECT_EQ(send({.method = method::put, .url = "http://h/", .body = "a", .body_source = in_pieces("b", 1)}),
              "http::client_request::body must be empty where there is a body_source");
    EXPECT_EQ(send({.method = method::put, .url = "http://h/", .body_size = 1}),
              "http::client_request::body_size is that of a body_source, which is missing");
    EXPECT_EQ(send({.method = method::head, .url = "http://h/", .body_source = in_pieces("b", 1)}),
              "http::client_request::body must be empty for HEAD");
}

// --- Answers that come early ------------------------------------------------------------------------------------

struct early_answer {
    std::string name;
    std::string reply;
    bool known_length;
    bool stuck; // the source; otherwise it has no end
    bool reads; // the server, what comes after its answer
};

class EarlyAnswer : public ClientUpload, public ::testing::WithParamInterface<early_answer> {};

TEST_P(EarlyAnswer, EndsTheSourceAndIsTheAnswer) {
    const auto& [name, reply, known_length, stuck, reads] = GetParam();
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.read_some();
        co_await c.write(reply);
        if (!reads)
            co_return;
        while (!(co_await c.read_some()).empty()) {
        }
    });
    const std::optional<std::uint64_t> size(known_length ? std::optional<std::uint64_t>(1 << 30) : std::nullopt);
    const auto got = loop.run(http.send(put(server, stuck ? stuck_after(3) : endless(), size)));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 413);
    EXPECT_EQ(got->value->body, "no");
    EXPECT_EQ(ended, stuck);
    loop.until([&] { return server.open() == 0; });
}

INSTANTIATE_TEST_SUITE_P(
    Client, EarlyAnswer,
    ::testing::Values(early_answer{"KeepsOpen", response(413, "no"), true, false, true},
                      early_answer{"KeepsOpenChunked", response(413, "no"), false, false, true},
                      early_answer{"KeepsOpenStuck", response(413, "no"), true, true, true},
                      early_answer{"KeepsOpenStuckChunked", response(413, "no"), false, true, true},
                      early_answer{"Says", response(413, "no", "Connection: close\r\n"), true, false, true},
                      early_answer{"SaysChunked", response(413, "no", "Connection: close\r\n"), false, false, true},
                      early_answer{"SaysStuck", response(413, "no", "Connection: close\r\n"), true, true, true},
                      early_answer{"SaysStuckChunked", response(413, "no", "Connection: close\r\n"), false, true, true},
                      early_answer{"ClosesStuck", response(413, "no", "Connection: close\r\n"), true, true, false}),
    [](const auto& info) { return info.param.name; });

TEST_F(ClientUpload, HearsARefusalOfABodyInMemory) {
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        co_await c.read_some();
        co_await c.write(response(413, "no", "Connection: close\r\n"));
        while (!(co_await c.read_some()).empty()) {
        }
    });
    const auto got =
        loop.run(http.send({.method = method::put, .url = server.url(), .body = std::string(64 << 20, 'x')}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 413);
}

TEST_F(ClientUpload, SendsNoBodyToWhoeverRefusesItBeforehand) {
    std::size_t received = 0;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        received = (co_await c.read_some()).size();
        co_await c.write(response(413, "no", "Connection: close\r\n"));
    });
    const auto got = loop.run(http.send(
        {.method = method::put, .url = server.url(), .body = std::string(64 << 20, 'x'), .expect_continue = true}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 413);
    EXPECT_LT(received, 1000u);
}

TEST_F(ClientUpload, SendsTheBodyOnceItIsWanted) {
    std::string all;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        all = co_await c.read_some();
        EXPECT_EQ(field_of(all, "Expect"), "100-continue");
        EXPECT_EQ(body_of(all), "");
        co_await c.write("HTTP/1.1 100 Continue\r\n\r\n");
        while (!all.ends_with("the end"))
            all += co_await c.read_some();
        co_await c.write(response(200, "yes"));
    });
    const auto got = loop.run(http.send(
        {.method = method::put, .url = server.url(), .body = "all of it to the end", .expect_continue = true}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 200);
    EXPECT_EQ(got->value->body, "yes");
    EXPECT_EQ(body_of(all), "all of it to the end");
}

// --- What cannot be repeated ------------------------------------------------------------------------------------

TEST_F(ClientUpload, NeverSendsHalfASourceAgain) {
    int requests = 0;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        if (!(co_await c.read_request()).empty())
            co_await c.write(response(200, ""));
        if (!(co_await c.read_some()).empty())
            ++requests; // and closes
    });
    for (int round = 0; round < 2; ++round) {
        ASSERT_TRUE(loop.run(http.send({.url = server.url()}))->value);
        const auto got = loop.run(http.send(put(server, endless(), round ? std::optional(1 << 30) : std::nullopt)));
        EXPECT_EQ(got->code(), client_errc::lost) << got->what();
        EXPECT_TRUE(may_have_arrived(got->failure));
    }
    loop.settle();
    EXPECT_EQ(requests, 2); // though libcurl has opened a connection to send it again
}

TEST_F(ClientUpload, SendsABodyInMemoryAgainFromItsBeginning) {
    const auto body = numbered(1'000'000);
    bool first = true;
    const test_server server(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        if (std::exchange(first, false)) {
            co_await c.read_request();
            co_await c.write(response(200, ""));
            co_await c.read_some();
            co_return;
        }
        seen.push_back(co_await read_upload(c));
        co_await c.write(response(200, ""));
    });
    ASSERT_TRUE(loop.run(http.send({.url = server.url()}))->value);
    const auto got = loop.run(http.send({.method = method::put, .url = server.url(), .body = body}));
    ASSERT_TRUE(got->value || got->code() == client_errc::lost) << got->what();
    for (const auto& each : seen)
        EXPECT_EQ(each.body, body);
}

TEST_F(ClientUpload, FollowsNoRedirectWithASource) {
    const client following(loop.get_executor(), {.max_redirects = 3}, time);
    const test_server kept(loop.get_executor(), receiving(response(307, "", "Location: /b\r\n")));
    const auto got = loop.run(following.send(put(kept, in_pieces("hello", 5))));
    EXPECT_EQ(got->code(), client_errc::redirect);
    EXPECT_EQ(got->what(),
              "PUT " + kept.authority() + ": redirected, and a body from a source cannot be sent a second time");

    const test_server elsewhere(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        seen.push_back(co_await read_upload(c));
        co_await c.write(response(303, "", "Location: /b\r\n"));
        EXPECT_TRUE((co_await c.read_request()).starts_with("GET /b "));
        co_await c.write(response(200, "there"));
    });
    const auto there = loop.run(following.send(put(elsewhere, in_pieces("hello", 5))));
    ASSERT_TRUE(there->value) << there->what();
    EXPECT_EQ(there->value->body, "there");
}

// --- Giving up --------------------------------------------------------------------------------------------------

TEST_F(ClientUpload, EndsAStuckSourceAtTheDeadline) {
    const test_server server(loop.get_executor(), receiving());
    auto request = put(server, stuck_after(3));
    request.deadline = deadline(time.steady() + 5s);
    const auto got = loop.spawn(http.send(std::move(request)));
    loop.until([&] { return asked == 4; });
    loop.settle();
    time.advance(5s);
    loop.until([&] { return got->done(); });
    EXPECT_EQ(got->code(), errc::timed_out);
    EXPECT_TRUE(ended);
    loop.until([&] { return server.open() == 0; });
    EXPECT_FALSE(seen.back().whole);
}

TEST_F(ClientUpload, CancellationIsSafeAfterAnyStep) {
    const test_server server(loop.get_executor(), receiving());
    const auto body = numbered(300'000);
    for (int steps = 0; steps < 80; ++steps) {
        asio::cancellation_signal cancel;
        const auto got = loop.spawn(http.send(put(server, in_pieces(body, 10'000, steps % 3))), cancel.slot());
        for (int i = 0; i < steps && !got->done(); ++i) {
            loop.io.restart();
            loop.io.run_one_for(1s);
        }
        loop.cancel(cancel);
        loop.until([&] { return got->done(); });
        EXPECT_TRUE(got->value || got->code() == asio::error::operation_aborted) << got->what();
    }
    loop.until([&] { return server.open() <= 1; });
    for (const auto& each : seen)
        EXPECT_TRUE(!each.whole || each.body == body);
}

TEST_F(ClientUpload, EndsWithItsClient) {
    const test_server server(loop.get_executor(), receiving());
    const auto got = loop.spawn(http.send(put(server, stuck_after(3))));
    loop.until([&] { return asked == 4; });
    http = client(loop.get_executor());
    loop.until([&] { return got->done(); });
    EXPECT_EQ(got->code(), errc::closed);
    EXPECT_TRUE(ended);
}

// --- Threads ----------------------------------------------------------------------------------------------------

TEST(ClientUploadThreads, TakeSourcesOfAnyLoop) {
    constexpr std::size_t size = 4 * 1024 * 1024;
    event_loops loops(3);
    const auto body = numbered(size);
    const auto receive = [&](connection& c) -> awaitable<void> {
        while (true) {
            const auto got = co_await read_upload(c);
            if (!got.whole)
                co_return;
            co_await c.write(response(got.body == body ? 200 : 500, ""));
        }
    };
    const test_server server(loops[0].get_executor(), receive);
    loops.start();
    const client http(loops[1].get_executor(), {.stream_buffer = budget});
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            const auto& ex = loops[t % 3].get_executor();
            for (int i = 0; i < 3; ++i) {
                const auto length = i % 2 ? std::optional<std::uint64_t>(size) : std::nullopt;
                const auto got = wait(http.send({.method = method::put,
                                                 .url = server.url(),
                                                 .body_source = in_pieces(body, 30'000, i),
                                                 .body_size = length}),
                                      ex);
                EXPECT_EQ(got.status, 200);
            }
        });
    for (auto& each : threads)
        each.join();
    loops.stop();
}

// --- Memory -----------------------------------------------------------------------------------------------------

TEST(ClientUploadMemory, IsBoundedHoweverLongTheBodyIs) {
    const std::size_t size = std::getenv("INFRA_TEST_LONG") ? std::size_t{1} << 30 : std::size_t{1} << 28;
    event_loops loops(2);
    const auto before = resident_bytes();
    std::size_t most = 0;
    const test_server server(loops[0].get_executor(), [&](connection& c) -> awaitable<void> {
        for (std::size_t left = size; left > 0;) {
            const auto got = co_await c.read_some();
            left -= std::min(left, got.size()); // the head's bytes are as many left at the end
            if (left % (1 << 24) < got.size())
                most = std::max(most, resident_bytes());
        }
        co_await c.write(response(200, ""));
        while (!(co_await c.read_some()).empty()) {
        }
    });
    loops.start();
    const client http(loops[1].get_executor());
    const auto source = [left = size]() mutable -> awaitable<std::string> {
        const auto piece = std::min<std::size_t>(left, 1 << 20);
        left -= piece;
        co_return std::string(piece, 'x');
    };
    const auto got = wait(http.send({.method = method::put,
                                     .url = server.url(),
                                     .body_source = source,
                                     .body_size = size,
                                     .deadline = deadline::after(5min)}),
                          loops[0].get_executor());
    EXPECT_EQ(got.status, 200);
    EXPECT_LT(most, before + (16 << 20) + leeway);
    loops.stop();
}

TEST(ClientUploadTls, SendsWhatTheSourceGives) {
    test_loop loop;
    const testing::test_authority authority;
    const auto body = numbered(3'000'000);
    std::string came;
    const test_server server(
        loop.get_executor(),
        [&](connection& c) -> awaitable<void> {
            came = (co_await read_upload(c)).body;
            co_await c.write(response(200, ""));
        },
        over_tls(authority.issue()));
    const client http(loop.get_executor(), {.tls = {.ca_file = authority.ca_file()}, .stream_buffer = budget});
    const auto got = loop.run(http.send(
        {.method = method::put, .url = "https://" + server.authority() + "/", .body_source = in_pieces(body, 30'000)}));
    EXPECT_TRUE(got->value) << got->what();
    EXPECT_EQ(came, body);
}

} // namespace
} // namespace infra::http
