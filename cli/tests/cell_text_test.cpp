#include "src/cell_text.hpp"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

TEST(CellText, CountsCells) {
    const std::pair<const char*, std::size_t> cases[] = {
        {"", 0}, {"mail", 4}, {"grüße", 5}, {"邮件", 4}, {"🚀", 2}, {"e\u0301", 1}, {"▁█…–", 4}, {"한글", 4},
    };
    for (const auto& [text, cells] : cases)
        EXPECT_EQ(cells_of(text), cells) << text;
}

TEST(CellText, MakesTextOfOthersSafe) {
    const std::pair<std::string, const char*> cases[] = {
        {"mail", "mail"},           {"a\tb\nc\x1b[2J\x7f", "a?b?c?[2J?"},
        {"\u009b31m", "?31m"},      {"\u202eliam\u2066", "?liam?"},
        {"a\u200bb\ufeff", "a?b?"}, {"grüße 邮件", "grüße 邮件"},
        {"❤\ufe0f", "❤?"},          {std::string("\0", 1), "?"},
    };
    for (const auto& [text, safe] : cases)
        EXPECT_EQ(one_line(text), safe);
    EXPECT_EQ(one_line("\xff\xc3"), "\uFFFD\uFFFD");
}

TEST(CellText, FitsExactly) {
    EXPECT_EQ(fitted("ab", 4), "ab  ");
    EXPECT_EQ(fitted("ab", 4, aligned::right), "  ab");
    EXPECT_EQ(fitted("abcde", 4), "abc…");
    EXPECT_EQ(fitted("abcd", 4), "abcd");
    EXPECT_EQ(fitted("邮件箱", 4), "邮… ") << "an ideograph is not cut in two";
    EXPECT_EQ(fitted("邮件箱", 5), "邮件…");
    EXPECT_EQ(fitted("abc", 1), "…");
    EXPECT_EQ(fitted("abc", 0), "");
    EXPECT_EQ(fitted("", 2), "  ");
}

} // namespace
} // namespace infra::cli
