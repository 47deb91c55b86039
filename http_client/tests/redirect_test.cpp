#include "src/redirect.hpp"

#include <infra/base/error.hpp>
#include <infra/http_client/client_errc.hpp>

#include <gtest/gtest.h>

namespace infra::http {
namespace {

outgoing make(method m, const std::string& url) {
    return {m,
            parse_target(url),
            {{"authorization", "Bearer s3cret"}, {"cookie", "a=1"}, {"content-type", "text/plain"}, {"x-kept", "1"}},
            "body"};
}

headers to(std::string_view location) { return {{"location", location}}; }

struct rule {
    int status;
    method before;
    method after;
    bool keeps_body;
};

class RedirectRule : public ::testing::TestWithParam<rule> {};

TEST_P(RedirectRule, DecidesMethodAndBody) {
    const auto& [status, before, after, keeps_body] = GetParam();
    auto sent = make(before, "http://h/a");
    const auto next = redirected(sent, status, to("/b"));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->to.url, "http://h/b");
    EXPECT_EQ(next->method, after);
    EXPECT_EQ(next->body.view(), keeps_body ? "body" : "");
    EXPECT_EQ(next->headers.contains("content-type"), keeps_body);
    EXPECT_TRUE(next->headers.contains("x-kept"));
}

INSTANTIATE_TEST_SUITE_P(
    Redirect, RedirectRule,
    ::testing::Values(rule{301, method::post, method::get, false}, rule{302, method::post, method::get, false},
                      rule{302, method::put, method::put, true}, rule{303, method::post, method::get, false},
                      rule{303, method::delete_, method::get, false}, rule{303, method::head, method::head, true},
                      rule{307, method::post, method::post, true}, rule{308, method::patch, method::patch, true}));

TEST(Redirect, IsNotForOtherStatusesOrWithoutLocation) {
    auto sent = make(method::get, "http://h/a");
    for (const int status : {200, 201, 300, 304, 305, 400})
        EXPECT_FALSE(redirected(sent, status, to("/b"))) << status;
    EXPECT_FALSE(redirected(sent, 302, {}));
    EXPECT_EQ(sent.body.view(), "body");
}

TEST(Redirect, KeepsSecretsWithinAnOrigin) {
    auto sent = make(method::get, "http://h/a");
    const auto next = redirected(sent, 302, to("http://h:80/b"));
    EXPECT_EQ(next->headers.get("authorization"), "Bearer s3cret");
    EXPECT_EQ(next->headers.get("cookie"), "a=1");
}

TEST(Redirect, DropsSecretsAcrossOrigins) {
    for (const auto* elsewhere : {"http://other/", "http://h:81/", "https://h/", "//h.evil.example/"}) {
        auto sent = make(method::get, "http://h/a");
        sent.headers.set("host", "virtual.example");
        const auto next = redirected(sent, 307, to(elsewhere));
        for (const auto* name : {"authorization", "cookie", "host"})
            EXPECT_FALSE(next->headers.contains(name)) << elsewhere << ' ' << name;
        EXPECT_TRUE(next->headers.contains("x-kept"));
    }
}

TEST(Redirect, NeverLeadsFromHttpsToHttp) {
    auto sent = make(method::get, "https://h/a?key=s3cret");
    try {
        redirected(sent, 302, to("http://h/a"));
        FAIL() << "followed";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), client_errc::redirect);
        EXPECT_STREQ(e.what(), "GET h: redirected from https to http, which is not followed");
    }
}

TEST(Redirect, RefusesABadLocation) {
    for (const auto* location : {"file:///etc/passwd", "http://h:99999/", "http://h/a b", "gopher://h/"}) {
        auto sent = make(method::get, "http://h/a");
        try {
            redirected(sent, 302, to(location));
            FAIL() << "followed " << location;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), client_errc::redirect);
        }
    }
}

} // namespace
} // namespace infra::http
