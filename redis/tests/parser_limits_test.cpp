// What is too much for the parser, and what it sets aside.

#include "src/parser.hpp"

#include "tests/notation.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace infra::redis::detail {
namespace {

using status = parser::status;

TEST(ParserLimits, RefusesListsNestedTooDeep) {
    std::string deep;
    for (int i = 0; i < 64; ++i)
        deep += "*1\r\n";
    EXPECT_EQ(parse(deep + ":1\r\n").messages.size(), 1u);
    EXPECT_EQ(parse("*1\r\n" + deep).end, status::malformed);
    EXPECT_EQ(parse("*1\r\n" + deep).why.find("lists nested too deep"), 0u);
}

TEST(ParserLimits, RefusesAnnouncementsOverTheLimitAtOnce) {
    const parser_limits limits{.max_bytes = 1000};
    for (const char* bytes : {"$536870912\r\n", "$1001\r\n", "*1000000000\r\n", "%9223372036854775807\r\n",
                              "~18446744073709551615\r\n", "|9000000000000000000\r\n", "$?\r\n;1001\r\n"})
        EXPECT_EQ(parse(bytes, 1, limits).end, status::too_large) << bytes;
}

TEST(ParserLimits, CountsAllThatAMessageHolds) {
    const parser_limits limits{.max_bytes = 1000};
    const auto text = "$300\r\n" + std::string(300, 'x') + "\r\n";
    EXPECT_EQ(parse("*2\r\n" + text + text, 7, limits).end, status::hungry);
    EXPECT_EQ(parse("*4\r\n" + text + text + text + text, 7, limits).end, status::too_large);
    EXPECT_EQ(parse("$?\r\n;600\r\n" + std::string(600, 'x') + "\r\n;600\r\n", 7, limits).end, status::too_large);
    std::string many = "*?\r\n";
    for (int i = 0; i < 1000; ++i)
        many += "_\r\n";
    EXPECT_EQ(parse(many, 7, limits).end, status::too_large) << "nothing is free, not even null";
}

TEST(ParserLimits, CountsEachMessageAnew) {
    const parser_limits limits{.max_bytes = 1000};
    std::string stream;
    for (int i = 0; i < 10; ++i)
        stream += "$500\r\n" + std::string(500, 'x') + "\r\n>1\r\n$300\r\n" + std::string(300, 'y') + "\r\n";
    const auto p = parse(stream, 11, limits);
    EXPECT_EQ(p.end, status::hungry) << p.why;
    EXPECT_EQ(p.messages.size(), 20u);
}

TEST(ParserLimits, SetsNothingAsideForWhatIsOnlyAnnounced) {
    parser p;
    std::string_view announced = "*1000000\r\n$200000000\r\nabc";
    EXPECT_EQ(p.feed(announced), status::hungry); // 248 MB, were it believed; ASan's limits and the eye of `top` agree
    EXPECT_TRUE(p.is_within());
}

TEST(ParserLimits, SetsNoMoreAsideThanComes) {
    constexpr std::size_t size = 1'100'000, piece = 64 * 1024, members = 5'000;
    auto bytes =
        "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n*" + std::to_string(members) + "\r\n";
    for (std::size_t i = 0; i < members; ++i)
        bytes += "_\r\n";
    parser p;
    std::vector<reply> came;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        for (auto rest = std::string_view(bytes).substr(at, piece); p.feed(rest) == status::message;)
            came.push_back(p.take());
    ASSERT_EQ(came.size(), 2u);
    EXPECT_EQ(std::move(came[0]).take_text().capacity(), size);
    EXPECT_EQ(std::move(came[1]).take_items().capacity(), members);
}

TEST(ParserLimits, RefusesLinesWithoutEnd) {
    const auto p = parse("+" + std::string(70'000, 'a'), 100);
    EXPECT_EQ(p.end, status::malformed);
    EXPECT_EQ(p.why.find("a line is longer than 64 KiB"), 0u);
}

} // namespace
} // namespace infra::redis::detail
