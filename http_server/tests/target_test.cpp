#include "src/target.hpp"

#include <gtest/gtest.h>

namespace infra::http::detail {
namespace {

TEST(Target, OriginFormHasPathAndQuery) {
    const auto parts = split_target("/users/7?full=1&x=%20", method::get);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->path, "/users/7");
    EXPECT_EQ(parts->query, "full=1&x=%20");
    EXPECT_EQ(parts->authority, "");
}

TEST(Target, AbsoluteFormNamesTheHost) {
    const auto parts = split_target("HTTP://shop.example:8080/a?b", method::get);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->authority, "shop.example:8080");
    EXPECT_EQ(parts->path, "/a");
    EXPECT_EQ(parts->query, "b");
    EXPECT_EQ(split_target("https://shop.example", method::get)->path, "/");
    EXPECT_EQ(split_target("http://shop.example?q", method::get)->query, "q");
}

TEST(Target, PartsLieInTheTarget) {
    for (const std::string_view target : {"/a?b", "http://h", "https://h?q", "http://h/a?b"}) {
        const auto path = split_target(target, method::get)->path;
        EXPECT_GE(path.data(), target.data()) << target;
        EXPECT_LE(path.data() + path.size(), target.data() + target.size()) << target;
    }
}

TEST(Target, AsteriskIsForOptionsAlone) {
    EXPECT_EQ(split_target("*", method::options)->path, "*");
    EXPECT_FALSE(split_target("*", method::get));
}

TEST(Target, RefusesOtherForms) {
    for (const std::string_view bad : {"", "users", "shop.example:443", "ftp://shop.example/", "http://", "http:///a",
                                       "http://user@shop.example/", "/a#b", "http://shop example/"})
        EXPECT_FALSE(split_target(bad, method::get)) << bad;
}

TEST(Target, DecodesPaths) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"/", "/"},       {"/a%20b", "/a b"}, {"/%2F", "//"}, {"/caf%C3%A9", "/café"},
        {"/a+b", "/a+b"}, {"/%25", "/%"},     {"/%7e", "/~"},
    };
    for (const auto& [raw, expected] : cases)
        EXPECT_EQ(decode_path(raw), expected) << raw;
}

TEST(Target, RefusesPathsThatHideSomething) {
    for (const std::string_view bad :
         {"/%", "/%2", "/%zz", "/%00", "/a%0d%0ab", "/%1f", "/%7f", "/%ff", "/%c0%af", "/%ed%a0%80"})
        EXPECT_FALSE(decode_path(bad)) << bad;
}

TEST(Target, KnowsHosts) {
    for (const std::string_view good : {"", "localhost", "shop.example:8080", "[::1]:3000", "10.0.0.1"})
        EXPECT_TRUE(is_host(good)) << good;
    for (const std::string_view bad : {"a b", "a/b", "user@host", "a?b", "a#b", "a\\b", "a\tb", "caf\xc3\xa9"})
        EXPECT_FALSE(is_host(bad)) << bad;
}

TEST(Target, AcceptsRequestIdsThatAreShortTokens) {
    EXPECT_TRUE(is_request_id("01890a5d-ac96-774b-bcce-b302099a8057"));
    EXPECT_TRUE(is_request_id(std::string(128, 'a')));
    for (const auto& bad :
         {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\"b"), std::string("a\nb")})
        EXPECT_FALSE(is_request_id(bad)) << bad;
}

} // namespace
} // namespace infra::http::detail
