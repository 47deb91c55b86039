#include "src/message_access.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http {

struct line {
    std::string sku;
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(line, (), (sku, count))

struct order {
    std::string id;
    std::vector<line> lines;
};
BOOST_DESCRIBE_STRUCT(order, (), (id, lines))

namespace {

using detail::request_access;

request routed(const std::string& pattern, const std::string& target) {
    detail::route_table table;
    table.add({.pattern = pattern, .handler = {.plain = [](request&) { return response(); }}});
    auto made = request::make({.target = target});
    EXPECT_TRUE(request_access::match(made, table).route);
    return made;
}

TEST(Request, KnowsItsParts) {
    const auto r = request::make({.method = method::post,
                                  .target = "/a%20b?x=1&y",
                                  .headers = {{"Host", "shop.example:80"}, {"Cookie", "s=1"}},
                                  .body = "hello"});
    EXPECT_EQ(r.method(), method::post);
    EXPECT_EQ(r.target(), "/a%20b?x=1&y");
    EXPECT_EQ(r.path(), "/a b");
    EXPECT_EQ(r.query_string(), "x=1&y");
    EXPECT_EQ(r.host(), "shop.example:80");
    EXPECT_EQ(r.scheme(), "http");
    EXPECT_EQ(r.header("host"), "shop.example:80");
    EXPECT_EQ(r.header("absent"), "");
    EXPECT_EQ(r.cookie("s"), "1");
    EXPECT_EQ(r.cookie("t"), std::nullopt);
    EXPECT_EQ(r.body(), "hello");
    EXPECT_EQ(r.route(), "");
    EXPECT_EQ(r.request_id().size(), 36u);
}

TEST(Request, OfAHostAloneIsForItsRoot) {
    auto r = routed("/", "http://shop.example");
    const auto moved = std::move(r);
    EXPECT_EQ(moved.path(), "/");
    EXPECT_EQ(moved.host(), "shop.example");
    EXPECT_EQ(routed("/", "https://shop.example?x=1").path(), "/");
}

TEST(Request, KeepsItsPartsWhenMoved) {
    auto first = routed("/{a}/{b...}", "/x%2Fy/z/1?q=2");
    const auto r = std::move(first);
    EXPECT_EQ(r.param("a"), "x/y");
    EXPECT_EQ(r.param("b"), "z/1");
    EXPECT_EQ(r.route(), "/{a}/{b...}");
    EXPECT_EQ(r.query("q"), "2");
}

TEST(Request, ReadsParametersAsNumbers) {
    const auto r = routed("/{id}/{name}", "/42/x");
    EXPECT_EQ(r.param<int>("id"), 42);
    EXPECT_EQ(r.param<std::uint8_t>("id"), 42);
    EXPECT_THROW(r.param("other"), std::invalid_argument);
    for (const auto* target : {"/x/y", "/4x/y", "/-1/y", "/256/y", "/%20/y"}) {
        try {
            routed("/{id}/{name}", target).param<std::uint8_t>("id");
            ADD_FAILURE() << target;
        } catch (const error_response& e) {
            EXPECT_EQ(e.status(), 400);
            EXPECT_STREQ(e.what(), "'id' in the path must be a whole number in range");
        }
    }
}

TEST(Request, DecodesItsQuery) {
    const auto r = request::make({.target = "/?a=1&b=x+y%26&a=2&&c&=d&%61b=3&bad=%zz"});
    EXPECT_EQ(r.query("a"), "1");
    EXPECT_EQ(r.query_all("a"), (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(r.query("b"), "x y&");
    EXPECT_EQ(r.query("c"), "");
    EXPECT_EQ(r.query("ab"), "3");
    EXPECT_EQ(r.query("bad"), std::nullopt);
    EXPECT_EQ(r.query("none"), std::nullopt);
}

TEST(Request, ReadsJsonIntoTypes) {
    const auto r = request::make({.body = R"({"id":"o1","lines":[{"sku":"s","count":2}],"extra":true})"});
    const auto o = r.json<order>();
    EXPECT_EQ(o.id, "o1");
    EXPECT_EQ(o.lines.at(0).count, 2);
}

TEST(Request, NamesTheFieldThatDoesNotFit) {
    struct {
        const char* body;
        int status;
        const char* code;
        const char* path;
    } const cases[] = {
        {R"({"id":"o1","lines":[{"sku":"s","count":"2"}]})", 422, "invalid_body", "/lines/0/count"},
        {R"({"lines":[]})", 422, "invalid_body", "/id"},
        {R"([])", 422, "invalid_body", ""},
        {R"({"id":)", 400, "invalid_json", ""},
        {"", 400, "invalid_json", ""},
        {"{\"id\":\"\xff\"}", 400, "invalid_json", ""},
    };
    for (const auto& [body, status, code, path] : cases) {
        try {
            request::make({.body = body}).json<order>();
            ADD_FAILURE() << body;
        } catch (const error_response& e) {
            EXPECT_EQ(e.status(), status) << body;
            EXPECT_EQ(e.error_code(), code) << body;
            EXPECT_EQ(e.path(), path) << body;
        }
    }
}

TEST(Request, RefusesTargetsThatAServerWouldRefuse) {
    EXPECT_THROW(request::make({.target = "/%00"}), std::invalid_argument);
    EXPECT_THROW(request::make({.target = "nothing"}), std::invalid_argument);
}

TEST(Request, BelievesProxiesItTrusts) {
    struct {
        headers fields;
        const char* peer;
        const char* client;
        const char* scheme;
        const char* host;
    } const cases[] = {
        {{{"Host", "h"},
          {"X-Forwarded-For", "203.0.113.9"},
          {"X-Forwarded-Proto", "https"},
          {"X-Forwarded-Host", "shop.example"}},
         "10.0.0.1",
         "203.0.113.9",
         "https",
         "shop.example"},
        {{{"Host", "h"},
          {"X-Forwarded-For", "203.0.113.9"},
          {"X-Forwarded-Proto", "https"},
          {"X-Forwarded-Host", "shop.example"}},
         "203.0.113.1",
         "203.0.113.1",
         "http",
         "h"}, // not one of ours
        {{{"Host", "h"}, {"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-For", "203.0.113.9, 10.0.0.2"}},
         "10.0.0.1",
         "203.0.113.9",
         "http",
         "h"}, // two fields are one list
        {{{"Host", "h"},
          {"X-Forwarded-Proto", "https"},
          {"X-Forwarded-Proto", "http"},
          {"X-Forwarded-Host", "evil.example"},
          {"X-Forwarded-Host", "shop.example"}},
         "10.0.0.1",
         "10.0.0.1",
         "http",
         "shop.example"}, // of which the first is the client's own claim
        {{{"Host", "h"}, {"X-Forwarded-Host", "evil/host"}, {"X-Forwarded-Proto", "gopher"}},
         "10.0.0.1",
         "10.0.0.1",
         "http",
         "h"},
    };
    const detail::networks trusted({"10.0.0.0/8"});
    for (const auto& [fields, peer, client, scheme, host] : cases) {
        auto r = request::make({.headers = fields});
        request_access::set_origin(r, boost::asio::ip::make_address(peer), peer, false, trusted);
        EXPECT_EQ(r.remote_address(), client);
        EXPECT_EQ(r.scheme(), scheme);
        EXPECT_EQ(r.host(), host);
    }
}

// A proxy that writes one kind of fields passes the other on as the client sent it.
TEST(Request, ReadsOnlyTheFieldsThatProxiesWrite) {
    const headers both{{"Host", "h"},
                       {"X-Forwarded-For", "198.51.100.1"},
                       {"X-Forwarded-Host", "x.example"},
                       {"Forwarded", "for=203.0.113.9;proto=https"},
                       {"Forwarded", "for=10.0.0.2;host=bad/host"}};
    const detail::networks trusted({"10.0.0.0/8"});
    const auto seen = [&](forwarding written) {
        auto r = request::make({.headers = both});
        request_access::set_origin(r, boost::asio::ip::make_address("10.0.0.1"), "10.0.0.1", false, trusted, written);
        return std::string(r.remote_address()) + " " + std::string(r.scheme()) + " " + std::string(r.host());
    };
    EXPECT_EQ(seen(forwarding::x_forwarded), "198.51.100.1 http x.example");
    EXPECT_EQ(seen(forwarding::forwarded), "203.0.113.9 https h");
}

} // namespace
} // namespace infra::http
