#include "src/request_parser.hpp"

#include "mutation.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace infra::http::detail {
namespace {

using namespace std::string_literals;

const server_limits limits{.max_header_bytes = 1024, .max_header_fields = 8, .max_body_bytes = 64};

struct parsed {
    request r;
    int failure = 0;
    bool done = false;
    bool keep_alive = false;
    std::string rest;
};

// As a connection feeds it: what was not taken is offered again, with `step` bytes more.
parsed parse(std::string_view bytes, std::size_t step = std::string_view::npos) {
    parsed p;
    request_parser parser(p.r, limits);
    std::string buffer;
    while (!parser.is_done() && !p.failure && !bytes.empty()) {
        buffer += bytes.substr(0, step);
        bytes.remove_prefix(std::min(step, bytes.size()));
        buffer.erase(0, parser.feed(buffer));
        p.failure = parser.failure();
    }
    p.done = parser.is_done() && !p.failure;
    p.keep_alive = p.done && parser.keep_alive();
    p.rest = buffer.append(bytes);
    return p;
}

TEST(RequestParser, ReadsARequestWhole) {
    const auto p = parse("POST /a?b HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nContent-Length: 5\r\n\r\nhelloGET /");
    ASSERT_TRUE(p.done);
    EXPECT_EQ(p.r.method(), method::post);
    EXPECT_EQ(p.r.target(), "/a?b");
    EXPECT_EQ(p.r.header("x-a"), "1");
    EXPECT_EQ(p.r.body(), "hello");
    EXPECT_EQ(p.r.version(), 1);
    EXPECT_TRUE(p.keep_alive);
    EXPECT_EQ(p.rest, "GET /");
}

TEST(RequestParser, ReadsTheSameByteByByte) {
    const std::string_view requests[] = {
        "POST /a?b HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nContent-Length: 5\r\n\r\nhello",
        "POST /a?b HTTP/1.1\r\nHost: h\r\nX-A:1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n",
    };
    for (const auto request : requests)
        for (const std::size_t step : {1u, 2u, 3u, 7u, 31u}) {
            const auto p = parse(request, step);
            ASSERT_TRUE(p.done) << request << step;
            EXPECT_EQ(p.r.body(), "hello");
            EXPECT_EQ(p.r.header("X-A"), "1");
            EXPECT_EQ(p.r.header("X-T"), "") << "a trailer does not pass for a header";
        }
}

TEST(RequestParser, KeepsAliveAsTheVersionsHaveIt) {
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(RequestParser, RefusesWithTheStatusThatSaysWhy) {
    const std::string long_value(1100, 'a');
    struct {
        std::string bytes;
        int status;
    } const cases[] = {
        {"garbage\r\n\r\n", 400},
        {"\x16\x03\x01\x02\x01\x01", 400}, // TLS
        {"GET / HTTP/1.1\r\n\r\n", 400},   // no Host
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n"s, 400},
        {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: x\0y\r\n\r\n"s, 400},
        {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 5\r\n\r\nhello", 400}, // folded lines
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", 501},
        {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: magic\r\n\r\n", 417},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 65\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + std::string(64, 'a') + "\r\n1\r\n",
         413},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: " + long_value + "\r\n\r\n", 431},
        {"GET /" + long_value + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
        {"GET /" + long_value, 431},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: " + long_value, 431},
        {"GET / HTTP/1.1\r\nHost: h\r\n" + std::string(600, 'a') + ": b\r\n" + std::string(600, 'a') + ": b\r\n\r\n",
         431},
        {"GET / HTTP/1.1\r\nHost: h\r\n1: \r\n2: \r\n3: \r\n4: \r\n5: \r\n6: \r\n7: \r\n8: \r\n\r\n", 431},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + long_value, 431},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + long_value, 431},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"GET / HTTP/0.9\r\nHost: h\r\n\r\n", 400},
        {"GET / HTTX/1.1\r\nHost: h\r\n\r\n", 400},
    };
    for (const auto& [bytes, status] : cases)
        for (const std::size_t step : {std::string::npos, std::size_t{1}}) {
            const auto p = parse(bytes, step);
            EXPECT_EQ(p.failure, status) << bytes.substr(0, 100) << " in steps of " << step;
            EXPECT_FALSE(p.done);
        }
}

// Where the network cuts a request must not change what it says: that would be two requests in one.
TEST(RequestParser, ReadsTheSameHoweverItIsCut) {
    const std::string seeds[] = {
        "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n3\r\nabc\r\n0\r\nA: "
        "b\r\n\r\nGET /",
        "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\r\n\r\nGET http://a/b?c HTTP/1.1\r\nHost: h\r\nX: y\r\nConnection: close\r\n\r\n",
    };
    std::mt19937 random(20260101);
    const int rounds = std::getenv("INFRA_TEST_LONG") ? 100'000 : 3'000;
    for (int round = 0; round < rounds; ++round) {
        const auto bytes = mutated(seeds[random() % std::size(seeds)], random);
        const auto whole = parse(bytes);
        for (const std::size_t step : {std::size_t{1}, 2 + random() % 9}) {
            const auto cut = parse(bytes, step);
            ASSERT_EQ(cut.done, whole.done) << bytes;
            if (!whole.done)
                continue;
            ASSERT_EQ(cut.r.target(), whole.r.target()) << bytes;
            ASSERT_EQ(cut.r.headers(), whole.r.headers()) << bytes;
            ASSERT_EQ(cut.r.body(), whole.r.body()) << bytes;
            ASSERT_EQ(cut.rest, whole.rest) << bytes;
            ASSERT_EQ(cut.keep_alive, whole.keep_alive) << bytes;
        }
    }
}

TEST(RequestParser, BareLineFeedsEndNothing) {
    const auto p = parse("GET / HTTP/1.1\nHost: h\n\n");
    EXPECT_EQ(p.failure, 400);
    EXPECT_FALSE(parse("GET / HTTP/1.1\nHost: h\n\n", 1).done) << "byte by byte it looks unfinished; time will tell";
}

TEST(RequestParser, ReadsAnEmptyChunkedBody) {
    for (const std::size_t step : {std::string::npos, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
        const auto p = parse("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step);
        EXPECT_TRUE(p.done) << step;
        EXPECT_EQ(p.r.body(), "");
    }
}

TEST(RequestParser, AcceptsWhatIsExactlyAtTheLimits) {
    const std::string start = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 64\r\nA: ";
    const auto header = start + std::string(limits.max_header_bytes - start.size() - 2, 'a') + "\r\n\r\n";
    EXPECT_EQ(header.size(), limits.max_header_bytes + 2); // the blank line is not a field
    const auto p = parse(header.substr(0, start.size()) + header.substr(start.size() + 2) + std::string(64, 'b'));
    EXPECT_EQ(p.failure, 0);
    EXPECT_TRUE(p.done);
    EXPECT_EQ(p.r.body().size(), 64u);
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\n1: \r\n2: \r\n3: \r\n4: \r\n5: \r\n6: \r\n7: \r\n\r\n").done);
}

TEST(RequestParser, SkipsEmptyLinesBeforeARequest) {
    for (const std::size_t step : {std::string::npos, std::size_t{1}, std::size_t{3}})
        EXPECT_TRUE(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", step).done) << step;
    EXPECT_EQ(parse("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n").failure, 400);
    EXPECT_EQ(parse("\n\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").failure, 400);
}

} // namespace
} // namespace infra::http::detail
