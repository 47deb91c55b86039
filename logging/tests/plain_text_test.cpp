#include "src/plain_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::logging {
namespace {

bool is_special(int byte) { return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80; }

TEST(PlainText, IsEveryTextOfPlainBytes) {
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string text(size, 'x');
        EXPECT_TRUE(is_plain(text) && is_ascii(text));
        EXPECT_EQ(plain_prefix(text), size);
    }
}

TEST(PlainText, EndsAtTheFirstSpecialByteWhereverItStands) {
    for (std::size_t size = 1; size < 40; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, '~');
                text[at] = static_cast<char>(byte);
                ASSERT_EQ(is_plain(text), !is_special(byte)) << size << ' ' << at << ' ' << byte;
                ASSERT_EQ(is_ascii(text), byte < 0x80);
                ASSERT_EQ(plain_prefix(text), is_special(byte) ? at : size);
            }
}

TEST(PlainText, EndsAtTheFirstOfSeveral) {
    EXPECT_EQ(plain_prefix("abcdefghij\"\n\x80"), 10U);
    EXPECT_EQ(plain_prefix("\x80\"abcdefghij"), 0U);
    EXPECT_EQ(plain_prefix("!\x1f\x20\x22"), 1U);
}

} // namespace
} // namespace infra::logging
