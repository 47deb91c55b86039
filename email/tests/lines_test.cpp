#include "src/template/lines.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

TEST(Lines, BeginWithWhatTheyStandIn) {
    EXPECT_EQ(line_of("a\nb"), "a");
    EXPECT_EQ(line_of("a"), "a");
    EXPECT_EQ(leading(" > \t> a > b"), " > \t> ");
    EXPECT_EQ(leading(" > "), " > ");
    EXPECT_TRUE(is_blank(" >\t"));
    EXPECT_FALSE(is_blank("> a"));
}

TEST(Lines, BeginAnItemWithABulletOrANumber) {
    for (const auto* item : {"- a", "* a", "+ a", "12. a", "3) a", "  - a", "> - a", "-\ta"})
        EXPECT_TRUE(begins_item(item)) << item;
    for (const auto* other : {"", "a", "-", "--", "-a", "---", "1", "1.", "1.5", "a - b", ". a", "**a**"})
        EXPECT_FALSE(begins_item(other)) << other;
}

TEST(Lines, DelimitATablesHeader) {
    for (const auto* row : {"|-|", "| --- | :-: |", "-|-", "> |-|"})
        EXPECT_TRUE(is_delimiter_row(row)) << row;
    for (const auto* other : {"", "---", "|", "| a |", "|-| a"})
        EXPECT_FALSE(is_delimiter_row(other)) << other;
}

} // namespace
} // namespace infra::email
