#include "src/client/takes_gzip.hpp"

#include <infra/realtime/client.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include <zlib.h>

namespace infra::realtime {
namespace {

http::response got(const http::router& routes, std::string path, http::headers fields = {}) {
    return wait(routes.handle({.target = std::move(path), .headers = std::move(fields)}));
}

std::string unzipped(const std::string& body) {
    std::string out(1 << 20, '\0');
    z_stream stream{};
    ::inflateInit2(&stream, 15 + 16);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    ::inflateEnd(&stream);
    return out;
}

struct ClientModule : ::testing::Test {
    ClientModule() { add_client_module(routes); }
    http::router routes;
};

TEST_F(ClientModule, IsServedAsJavaScript) {
    const auto answer = got(routes, "/infra/realtime.js");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(answer.body, client_module());
    EXPECT_NE(client_module().find("export const connect = "), std::string_view::npos);
    EXPECT_EQ(client_module().find("//"), std::string_view::npos) << "its comments stay at home";
}

TEST_F(ClientModule, IsLessThanThreeKilobytesOnTheWire) {
    const auto answer = got(routes, "/infra/realtime.js", {{"accept-encoding", "br;q=1.0, gzip;q=0.8"}});
    EXPECT_EQ(answer.headers.get("content-encoding"), "gzip");
    EXPECT_LT(answer.body.size(), 3u * 1024);
    EXPECT_EQ(unzipped(answer.body), client_module());
}

TEST_F(ClientModule, IsSentOnceAsLongAsItIsTheSame) {
    const auto first = got(routes, "/infra/realtime.js");
    const std::string tag(first.headers.get("etag").value_or(""));
    EXPECT_FALSE(tag.empty());
    for (const auto* accepted : {"identity", "gzip"}) {
        const auto again =
            got(routes, "/infra/realtime.js", {{"if-none-match", "\"x\", " + tag}, {"accept-encoding", accepted}});
        EXPECT_EQ(again.status, 304);
        EXPECT_EQ(again.body, "");
        EXPECT_EQ(again.headers.get("etag"), tag);
    }
    EXPECT_EQ(got(routes, "/infra/realtime.js", {{"if-none-match", "\"x\""}}).status, 200);
}

TEST_F(ClientModule, HasItsTypesBesideIt) {
    EXPECT_EQ(got(routes, "/infra/realtime.d.ts").body, client_types());
    EXPECT_NE(client_types().find("export function connect("), std::string_view::npos);
    EXPECT_THROW(add_client_module(routes, "/client"), std::invalid_argument);
}

TEST(TakesGzip, WhereItIsNamedAndWanted) {
    for (const auto* yes : {"gzip", "br, gzip", "gzip;q=0.5", "deflate;q=0, GZIP ; q=1", "\tgzip\t,br"})
        EXPECT_TRUE(takes_gzip(yes)) << yes;
    for (const auto* no : {"", "br", "gzip;q=0", "gzip; q=0.000, br", "gzipped", "*", ",,"})
        EXPECT_FALSE(takes_gzip(no)) << no;
}

} // namespace
} // namespace infra::realtime
