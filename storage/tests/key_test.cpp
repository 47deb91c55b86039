#include <infra/storage/key.hpp>

#include "tests/support.hpp"

#include <infra/storage/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::storage {
namespace {

using namespace std::string_literals;

TEST(StorageKey, IsTextInSegments) {
    const std::string keys[] = {"a",
                                "avatars/user-123.jpg",
                                "a/b/c",
                                ".hidden",
                                "...",
                                "a/..b/c.",
                                "with space/and+plus%25",
                                "\xC3\xA4\xCC\x88/\xF0\x9F\x90\xB1",
                                "\xC2\xA0",     // a space that does not break
                                "\xEF\xBF\xBD", // the replacement character is one
                                "a\\b",
                                "C:",
                                std::string(1024, 'k')};
    for (const auto& each : keys) {
        EXPECT_TRUE(is_key(each)) << each;
        EXPECT_NO_THROW(check_key(each)) << each;
        EXPECT_TRUE(is_prefix(each)) << each;
    }
}

TEST(StorageKey, SaysWhichRuleIsBrokenAndWhere) {
    struct row {
        std::string key;
        std::string sentence;
    };
    const row table[] = {
        {"", "the key \"\" is empty (byte 1)"},
        {"/a", "the key \"/a\" has an empty segment: a '/' at its beginning, at its end or twice (byte 1)"},
        {"a/", "the key \"a/\" has an empty segment: a '/' at its beginning, at its end or twice (byte 3)"},
        {"a//b", "the key \"a//b\" has an empty segment: a '/' at its beginning, at its end or twice (byte 3)"},
        {"..", "the key \"..\" has a segment that is '.' or '..' (byte 1)"},
        {"a/../b", "the key \"a/../b\" has a segment that is '.' or '..' (byte 3)"},
        {"a/.", "the key \"a/.\" has a segment that is '.' or '..' (byte 3)"},
        {"a\0b"s, "the key \"a\\x00b\" has a control character (byte 2)"},
        {"a\nb", "the key \"a\\x0ab\" has a control character (byte 2)"},
        {"ab\x7F", "the key \"ab\\x7f\" has a control character (byte 3)"},
        {"a\xC2\x85", "the key \"a\\xc2\\x85\" has a control character (byte 2)"},
        {"a\xEF\xBF\xBE", "the key \"a\\xef\\xbf\\xbe\" has U+FFFE or U+FFFF, which are no characters (byte 2)"},
        {"a\xEF\xBF\xBF", "the key \"a\\xef\\xbf\\xbf\" has U+FFFE or U+FFFF, which are no characters (byte 2)"},
        {"a\xC0\xAF", "the key \"a\\xc0\\xaf\" is not UTF-8 (byte 2)"},          // a '/' in two bytes
        {"a\xED\xA0\x80", "the key \"a\\xed\\xa0\\x80\" is not UTF-8 (byte 2)"}, // half a pair
        {"a\xC3", "the key \"a\\xc3\" is not UTF-8 (byte 2)"},
        {std::string(1025, 'k'), "the key \"" + std::string(100, 'k') + "…\" is longer than 1024 bytes (byte 1025)"},
    };
    for (const auto& [key, sentence] : table) {
        EXPECT_FALSE(is_key(key)) << sentence;
        const auto e = refusal_of([&] { check_key(key); });
        ASSERT_TRUE(e) << sentence;
        EXPECT_EQ(e->what(), sentence);
        EXPECT_EQ(e->code(), infra::errc::invalid_input);
    }
}

TEST(StorageKey, HasPrefixesThatEndAnywhere) {
    for (const auto* each : {"", "a", "a/", "a/b", ".", "..", "a/.", "a/.."})
        EXPECT_TRUE(is_prefix(each)) << each;
    for (const auto* each : {"/", "a//", "a//b", "../", "./a", "a/../b", "a\n", "\xC3"})
        EXPECT_FALSE(is_prefix(each)) << each;
    EXPECT_FALSE(is_prefix(std::string(1025, 'k')));
    EXPECT_STREQ(refusal_of([] { check_prefix("../"); })->what(),
                 "the prefix \"../\" has a segment that is '.' or '..' (byte 1)");
}

} // namespace
} // namespace infra::storage
