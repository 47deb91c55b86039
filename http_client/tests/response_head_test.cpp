#include "src/response_head.hpp"

#include <gtest/gtest.h>

namespace infra::http {
namespace {

using namespace std::string_view_literals;

TEST(ResponseHead, ReadsFieldsInOrderUpToTheEmptyLine) {
    const auto fields = parse_fields("A: 1\r\nB:2\r\na:  3 \r\nEmpty:\r\n\r\nC: 4\r\n");
    ASSERT_TRUE(fields);
    EXPECT_EQ(*fields, (headers{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"Empty", ""}}));
}

TEST(ResponseHead, AcceptsBareLineFeedsAndAMissingEnd) {
    EXPECT_EQ(parse_fields("A: 1\nB: 2"), (headers{{"A", "1"}, {"B", "2"}}));
    EXPECT_EQ(parse_fields(""), headers{});
}

TEST(ResponseHead, JoinsContinuedLines) {
    EXPECT_EQ(parse_fields("A: one \r\n  two\r\n\tthree\r\nB: 2\r\n"), (headers{{"A", "one two three"}, {"B", "2"}}));
}

TEST(ResponseHead, RefusesWhatIsNoField) {
    for (const auto line : {"no colon\r\n"sv, "bad name: 1\r\n"sv, ": no name\r\n"sv, " folded: first\r\n"sv,
                            "A: x\0y\r\n"sv, "A: 1\rB: 2\r\n"sv})
        EXPECT_FALSE(parse_fields(line)) << line;
}

} // namespace
} // namespace infra::http
