#include <infra/http_server/cookie.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

TEST(Cookie, IsCarefulByDefault) {
    EXPECT_EQ(to_set_cookie({.name = "session", .value = "abc"}),
              "session=abc; Path=/; HttpOnly; Secure; SameSite=Lax");
}

TEST(Cookie, SaysEverythingItWasTold) {
    EXPECT_EQ(to_set_cookie({.name = "s",
                             .value = "",
                             .max_age = 1h,
                             .path = "/app",
                             .domain = "shop.example",
                             .http_only = false,
                             .secure = true,
                             .sites = same_site::none}),
              "s=; Path=/app; Domain=shop.example; Max-Age=3600; Secure; SameSite=None");
    EXPECT_EQ(to_set_cookie({.name = "s", .secure = false, .sites = same_site::strict}),
              "s=; Path=/; HttpOnly; SameSite=Strict");
}

TEST(Cookie, IsRemovedByAnAgeOfZero) {
    EXPECT_EQ(to_set_cookie({.name = "s", .max_age = -5s}), "s=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
}

TEST(Cookie, RefusesWhatCouldNotBeReadBack) {
    const std::pair<cookie, std::string> cases[] = {
        {{.name = ""}, "http::cookie::name must be a token (RFC 6265 section 4.1.1)"},
        {{.name = "a b"}, "http::cookie::name must be a token (RFC 6265 section 4.1.1)"},
        {{.name = "a=b"}, "http::cookie::name must be a token (RFC 6265 section 4.1.1)"},
        {{.name = "a", .value = "x;y"},
         "http::cookie::value must not contain white space, controls, quotes, commas, semicolons or backslashes"},
        {{.name = "a", .value = "x\r\ny"},
         "http::cookie::value must not contain white space, controls, quotes, commas, semicolons or backslashes"},
        {{.name = "a", .path = "app"}, "http::cookie::path must begin with '/' and hold no ';'"},
        {{.name = "a", .path = "/;Domain=x"}, "http::cookie::path must begin with '/' and hold no ';'"},
        {{.name = "a", .domain = "x;y"}, "http::cookie::domain must be a host name"},
        {{.name = "a", .secure = false, .sites = same_site::none},
         "http::cookie::secure must be set when sites is same_site::none"},
    };
    for (const auto& [bad, sentence] : cases) {
        try {
            to_set_cookie(bad);
            ADD_FAILURE() << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), sentence);
        }
    }
}

TEST(Cookie, IsFoundAmongOthers) {
    const std::string_view header = "a=1; session=\"x y\" ;b=2; a=3; empty=; noise; =nameless";
    EXPECT_EQ(find_cookie(header, "a"), "1");
    EXPECT_EQ(find_cookie(header, "session"), "x y");
    EXPECT_EQ(find_cookie(header, "b"), "2");
    EXPECT_EQ(find_cookie(header, "empty"), "");
    EXPECT_EQ(find_cookie(header, "noise"), std::nullopt);
    EXPECT_EQ(find_cookie(header, "A"), std::nullopt);
    EXPECT_EQ(find_cookie("", "a"), std::nullopt);
}

} // namespace
} // namespace infra::http
