#include "src/websocket/utf8_check.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::realtime::websocket {
namespace {

bool is_utf8(std::string_view text) {
    utf8_check check;
    return check.feed(text) && check.is_complete();
}

std::string code_point(unsigned c) {
    const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80)
        return {static_cast<char>(c)};
    if (c < 0x800)
        return {static_cast<char>(0xC0 | c >> 6), tail(0)};
    if (c < 0x10000)
        return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8Check, TakesEveryCodePointButSurrogates) {
    for (unsigned c = 0; c < 0x120000; ++c) {
        const bool expected = c < 0x110000 && (c < 0xD800 || c > 0xDFFF);
        ASSERT_EQ(is_utf8(code_point(c)), expected) << std::hex << c;
    }
}

TEST(Utf8Check, AgreesWithTheCheckOfWholeTextsOnAllShortSequences) {
    std::string text(3, '\0');
    for (unsigned i = 0; i < 1 << 20; ++i) { // high bits of each byte in all combinations, and the low ones that decide
        const auto spread = [](unsigned bits) { return static_cast<char>((bits & 0x3F) | (bits & 3) << 6); };
        text[0] = static_cast<char>(0x80 | (i & 0x7F));
        text[1] = spread(i >> 7);
        text[2] = spread(i >> 13);
        ASSERT_EQ(is_utf8(text), encoding::is_utf8(text)) << i;
    }
}

TEST(Utf8Check, DoesNotCareWhereATextIsCut) {
    const std::string text =
        "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!! \xF0\x9F\x98\x80 \xED\x9F\xBF";
    for (std::size_t first = 0; first <= text.size(); ++first)
        for (std::size_t second = first; second <= text.size(); ++second) {
            utf8_check check;
            EXPECT_TRUE(check.feed(text.substr(0, first)));
            EXPECT_TRUE(check.feed(text.substr(first, second - first)));
            EXPECT_TRUE(check.feed(text.substr(second)));
            EXPECT_TRUE(check.is_complete());
        }
}

TEST(Utf8Check, FailsAtTheFirstByteThatCannotBe) {
    const struct {
        std::string_view good, bad;
    } cases[] = {
        {"", "\x80"},
        {"", "\xC0"},
        {"", "\xC1"},
        {"", "\xF5"},
        {"", "\xFF"},
        {"\xC3", "A"},
        {"\xE0", "\x9F"},
        {"\xED", "\xA0"},
        {"\xF0", "\x8F"},
        {"\xF4", "\x90"},
        {"\xE2\x82", "\xC2"},
        {"\xF0\x9F\x98", "\x7F"},
        {"long enough for words of eight bytes, twice \xC3", "\x29"},
    };
    for (const auto& c : cases) {
        utf8_check check;
        EXPECT_TRUE(check.feed(c.good)) << c.good;
        EXPECT_FALSE(check.feed(c.bad)) << c.good;
    }
}

TEST(Utf8Check, IsNotCompleteWithinACodePoint) {
    utf8_check check;
    EXPECT_TRUE(check.feed("\xF0\x9F\x98"));
    EXPECT_FALSE(check.is_complete());
    EXPECT_TRUE(check.feed("\x80"));
    EXPECT_TRUE(check.is_complete());
}

TEST(Utf8Check, SeesOneWrongByteAnywhereInALongText) {
    for (std::size_t at = 0; at < 200; ++at) {
        std::string text(200, 'a');
        text[at] = '\xFF';
        EXPECT_FALSE(is_utf8(text)) << at;
    }
}

} // namespace
} // namespace infra::realtime::websocket
