#include "src/serialize.hpp"

#include <gtest/gtest.h>

namespace infra::http::detail {
namespace {

std::string head(const response& r, head_facts facts = {}) {
    std::string out;
    facts.date = "D";
    write_head(out, r, facts);
    return out;
}

TEST(Serialize, WritesHeads) {
    auto r = response::text("hello");
    r.headers.append("X-A", "1");
    EXPECT_EQ(head(r, {.length = 5, .request_id = "id", .traceparent = "tp"}),
              "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\nX-A: 1\r\n"
              "Content-Length: 5\r\nX-Request-Id: id\r\nTraceparent: tp\r\n\r\n");
    EXPECT_EQ(head(response(404)), "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(head(response(599)), "HTTP/1.1 599 \r\nDate: D\r\nContent-Length: 0\r\n\r\n");
}

TEST(Serialize, TellsHowTheBodyEnds) {
    EXPECT_EQ(head(response(200), {.body = framing::chunked}),
              "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(head(response(200), {.version = 0, .keep_alive = false, .body = framing::until_close}),
              "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(head(response(204)), "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
    EXPECT_EQ(head(response(304)), "HTTP/1.1 304 Not Modified\r\nDate: D\r\n\r\n");
}

TEST(Serialize, TellsWhetherTheConnectionStays) {
    EXPECT_EQ(head(response(204), {.version = 0}),
              "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(head(response(204), {.keep_alive = false}),
              "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(head(response(426)),
              "HTTP/1.1 426 Upgrade Required\r\nDate: D\r\nContent-Length: 0\r\nConnection: upgrade\r\n\r\n");
}

TEST(Serialize, KeepsFramingAndIdsToItself) {
    response r(200);
    for (const auto* name :
         {"Content-Length", "transfer-encoding", "CONNECTION", "Date", "X-REQUEST-ID", "traceparent"})
        r.headers.append(name, "99");
    EXPECT_EQ(head(r), "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
}

TEST(Serialize, WritesChunks) {
    std::string out;
    write_chunk(out, std::string(17, 'x'));
    write_chunk(out, "");
    out += last_chunk;
    EXPECT_EQ(out, "11\r\n" + std::string(17, 'x') + "\r\n0\r\n\r\n");
}

TEST(DateCache, FollowsTheClockBackAndForth) {
    date_cache cache;
    const wall_time t{std::chrono::seconds(784'111'777)};
    EXPECT_EQ(cache.at(t), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(cache.at(t + std::chrono::milliseconds(999)), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(cache.at(t + std::chrono::seconds(1)), "Sun, 06 Nov 1994 08:49:38 GMT");
    EXPECT_EQ(cache.at(t - std::chrono::seconds(1)), "Sun, 06 Nov 1994 08:49:36 GMT");
}

} // namespace
} // namespace infra::http::detail
