#include "src/target.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

namespace infra::http {
namespace {

TEST(Target, ReadsTheParts) {
    const auto t = parse_target("HTTPS://Api.Example.com/a%2Fb/../c?x=1&y=2#part");
    EXPECT_EQ(t.scheme, "https");
    EXPECT_EQ(t.host, "api.example.com");
    EXPECT_EQ(t.port, 443);
    EXPECT_EQ(t.authorization, "");
    EXPECT_EQ(t.authority(), "api.example.com");
}

TEST(Target, KeepsThePathAsItIsSpelledAndDropsTheFragment) {
    EXPECT_EQ(parse_target("http://h/a%2fb/../c//d?q#f").url, "http://h/a%2fb/../c//d?q");
}

TEST(Target, NamesAPortThatIsNotTheUsual) {
    EXPECT_EQ(parse_target("http://h:8080/").authority(), "h:8080");
    EXPECT_EQ(parse_target("http://h:80/").authority(), "h");
    EXPECT_EQ(parse_target("https://h:80/").authority(), "h:80");
    EXPECT_EQ(parse_target("http://[::1]:3000/").authority(), "[::1]:3000");
}

TEST(Target, TakesNameAndPasswordOutOfTheUrl) {
    const auto t = parse_target("http://ann:s%40cret@h/x");
    EXPECT_EQ(t.url, "http://h/x");
    EXPECT_EQ(t.authorization, "Basic YW5uOnNAY3JldA=="); // ann:s@cret
    EXPECT_EQ(parse_target("http://key@h/").authorization, "Basic a2V5Og==");
}

TEST(Target, RedactsQueryValuesAndBareTokens) {
    EXPECT_EQ(parse_target("http://h/p").redacted(), "http://h/p");
    EXPECT_EQ(parse_target("http://h/p?key=s3cret&b=&secret&c=1").redacted(),
              "http://h/p?key=REDACTED&b=REDACTED&REDACTED&c=REDACTED");
    EXPECT_EQ(parse_target("http://u:p@h/p?s3cret").redacted(), "http://h/p?REDACTED");
}

struct refused {
    std::string url;
    std::string sentence;
};

class RefusedTarget : public ::testing::TestWithParam<refused> {};

TEST_P(RefusedTarget, SaysWhyWithoutRepeatingIt) {
    try {
        parse_target(GetParam().url);
        FAIL() << "accepted";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::invalid_input);
        EXPECT_EQ(e.what(), "the URL of a request " + GetParam().sentence);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Target, RefusedTarget,
    ::testing::Values(
        refused{"file:///etc/passwd", "must begin with http:// or https://"},
        refused{"ftp://h/", "must begin with http:// or https://"},
        refused{"smtp://h/", "must begin with http:// or https://"},
        refused{"example.com/path", "must begin with http:// or https://"},
        refused{"", "must begin with http:// or https://"}, refused{"http://", "is malformed: No host part in the URL"},
        refused{"http://h:99999/", "is malformed: Port number was not a decimal number between 0 and 65535"},
        refused{"http://h:0/", "names no host or port"},
        refused{"http://h/a b",
                "has a space, a backslash, a control character or a byte beyond ASCII; percent-encode it"},
        refused{"http://one\\@other/",
                "has a space, a backslash, a control character or a byte beyond ASCII; percent-encode it"},
        refused{"http://h/\r\nX-Evil: 1",
                "has a space, a backslash, a control character or a byte beyond ASCII; percent-encode it"},
        refused{std::string("http://h/\0x", 11),
                "has a space, a backslash, a control character or a byte beyond ASCII; percent-encode it"},
        refused{"http://h/\xc3\xa4",
                "has a space, a backslash, a control character or a byte beyond ASCII; percent-encode it"},
        refused{"http://a%3Ab:c@h/", "has a colon in the user's name"}));

TEST(Target, ResolvesReferences) {
    const auto base = parse_target("http://h:81/a/b?q=1");
    EXPECT_EQ(resolve(base, "/x?y").url, "http://h:81/x?y");
    EXPECT_EQ(resolve(base, "c").url, "http://h:81/a/c");
    EXPECT_EQ(resolve(base, "//other/z").url, "http://other/z");
    EXPECT_EQ(resolve(base, "https://u:p@other/z").url, "https://other/z");
    EXPECT_EQ(resolve(base, "https://u:p@other/z").authorization, "");
    EXPECT_THROW(resolve(base, "file:///etc/passwd"), error);
}

TEST(Target, ComparesOrigins) {
    const auto a = parse_target("http://h/a");
    EXPECT_TRUE(same_origin(a, parse_target("http://H:80/b")));
    EXPECT_FALSE(same_origin(a, parse_target("https://h/a")));
    EXPECT_FALSE(same_origin(a, parse_target("http://h:81/a")));
    EXPECT_FALSE(same_origin(a, parse_target("http://h.evil/a")));
}

} // namespace
} // namespace infra::http
