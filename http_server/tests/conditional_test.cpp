#include "src/conditional.hpp"

#include <gtest/gtest.h>

namespace infra::http::detail {
namespace {

constexpr std::time_t sunday = 784'111'777; // Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110 section 5.6.7

TEST(HttpDate, IsWrittenAndReadAsTheRfcHasIt) {
    EXPECT_EQ(format_http_date(sunday), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), sunday);
    for (const auto* bad :
         {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 0x Nov 1994 08:49:37 GMT"})
        EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
}

TEST(Range, SelectsBytes) {
    struct {
        const char* text;
        std::uint64_t size;
        std::optional<byte_range> expected;
    } const cases[] = {
        {"bytes=0-4", 10, byte_range{0, 5}},
        {"bytes=5-", 10, byte_range{5, 5}},
        {"bytes=-3", 10, byte_range{7, 3}},
        {"bytes=-30", 10, byte_range{0, 10}},
        {"bytes=8-100", 10, byte_range{8, 2}},
        {"bytes=9-9", 10, byte_range{9, 1}},
        {"bytes=0-18446744073709551615", 10, byte_range{0, 10}},
        {"bytes=10-", 10, byte_range{0, 0}}, // nothing there
        {"bytes=-0", 10, byte_range{10, 0}},
        {"bytes=0-", 0, byte_range{0, 0}},
        {"bytes=4-2", 10, std::nullopt},
        {"bytes=0-1,4-5", 10, std::nullopt}, // several: the whole is always allowed as an answer
        {"bytes=a-b", 10, std::nullopt},
        {"bytes=-", 10, std::nullopt},
        {"bytes=", 10, std::nullopt},
        {"bytes=5", 10, std::nullopt},
        {"bytes=99999999999999999999-", 10, std::nullopt},
        {"items=0-4", 10, std::nullopt},
    };
    for (const auto& [text, size, expected] : cases)
        EXPECT_EQ(parse_range(text, size), expected) << text;
}

TEST(Conditional, DecidesInTheOrderOfTheRfc) {
    const representation now{"\"v2\"", sunday, 10};
    const auto* date = "Sun, 06 Nov 1994 08:49:37 GMT";
    const auto* before = "Sun, 06 Nov 1994 08:49:36 GMT";
    struct {
        headers request;
        selection expected;
    } const cases[] = {
        {{}, selection::whole},
        {{{"If-None-Match", "\"v2\""}}, selection::not_modified},
        {{{"If-None-Match", "\"v1\", W/\"v2\""}}, selection::not_modified},
        {{{"If-None-Match", "*"}}, selection::not_modified},
        {{{"If-None-Match", "\"v1\""}}, selection::whole},
        {{{"If-Modified-Since", date}}, selection::not_modified},
        {{{"If-Modified-Since", before}}, selection::whole},
        {{{"If-Modified-Since", "yesterday"}}, selection::whole},
        {{{"If-None-Match", "\"v1\""}, {"If-Modified-Since", date}}, selection::whole}, // the tag counts
        {{{"If-Match", "\"v2\""}}, selection::whole},
        {{{"If-Match", "W/\"v2\""}}, selection::precondition_failed},
        {{{"If-Match", "\"v1\""}}, selection::precondition_failed},
        {{{"If-Unmodified-Since", before}}, selection::precondition_failed},
        {{{"If-Unmodified-Since", date}}, selection::whole},
        {{{"Range", "bytes=0-1"}}, selection::part},
        {{{"Range", "bytes=10-"}}, selection::unsatisfiable},
        {{{"Range", "bytes=0-1"}, {"If-Range", "\"v2\""}}, selection::part},
        {{{"Range", "bytes=0-1"}, {"If-Range", "\"v1\""}}, selection::whole},
        {{{"Range", "bytes=0-1"}, {"If-Range", "W/\"v2\""}}, selection::whole},
        {{{"Range", "bytes=0-1"}, {"If-Range", date}}, selection::part},
        {{{"Range", "bytes=0-1"}, {"If-Range", before}}, selection::whole},
        {{{"Range", "bytes=0-1"}, {"If-None-Match", "\"v2\""}}, selection::not_modified},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i)
        EXPECT_EQ(decide(cases[i].request, now).what, cases[i].expected) << "case " << i;
}

} // namespace
} // namespace infra::http::detail
