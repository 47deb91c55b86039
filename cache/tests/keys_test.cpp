#include "../src/keys.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::cache {
namespace {

std::string written(std::string_view prefix, std::uint64_t version, std::string_view key) {
    std::string out;
    write_key(out, prefix, version, key);
    return out;
}

TEST(CacheKeys, AreTheUsersOwnUntilAFlush) {
    EXPECT_EQ(written("", 0, "user:123"), "user:123");
    EXPECT_EQ(written("shop:", 0, "user:123"), "shop:user:123");
}

TEST(CacheKeys, CarryTheVersionAfterAFlush) {
    EXPECT_EQ(written("shop:", 35, "user:123"), "shop:@@z:user:123");
    EXPECT_EQ(written("", 36, "k"), "@@10:k");
}

TEST(CacheKeys, OfMoreThanOneKibibyteAreDigested) {
    const std::string longest(1024, 'a');
    EXPECT_EQ(written("", 0, longest), longest);
    const auto a = written("", 0, longest + "a");
    const auto b = written("", 0, longest + "b");
    EXPECT_EQ(a.size(), 1024U);
    EXPECT_NE(a, b);
    EXPECT_EQ(a.substr(0, 959), longest.substr(0, 959));
}

TEST(CacheKeys, AreNotCutInTheMiddleOfACharacter) {
    std::string key(1, 'a');
    for (int i = 0; i < 600; ++i)
        key += "\xC3\xA9";
    EXPECT_TRUE(encoding::is_utf8(written("", 0, key)));
    EXPECT_TRUE(encoding::is_utf8(written("", 0, key.substr(1))));
}

TEST(CacheKeys, OfEveryUsualKindAreAccepted) {
    for (const std::string_view each : {"a", "user:123", "user:@ann", "a@@b", "sp ace", "\xC3\xA9t\xC3\xA9", "{tag}x"})
        EXPECT_NO_THROW(check_key(each)) << each;
    EXPECT_NO_THROW(check_key(std::string(65'536, 'k')));
}

TEST(CacheKeys, ThatCannotBeAreRefusedWithoutBeingRepeated) {
    using namespace std::string_view_literals;
    const std::pair<std::string, std::string_view> cases[] = {
        {"", "a cache key must have 1 to 65536 bytes"},
        {std::string(65'537, 'k'), "a cache key must have 1 to 65536 bytes"},
        {std::string(1 << 20, 'k'), "a cache key must have 1 to 65536 bytes"},
        {std::string("a\0b"sv), "a cache key must not contain control characters"},
        {"a\nb", "a cache key must not contain control characters"},
        {"\xFF", "a cache key must be UTF-8"},
        {"@@version",
         "a cache key must not have @@ at its beginning or behind a colon: the cache keeps its own values there"},
        {"users:@@tag:x",
         "a cache key must not have @@ at its beginning or behind a colon: the cache keeps its own values there"},
    };
    for (const auto& [key, sentence] : cases) {
        try {
            check_key(key);
            ADD_FAILURE() << sentence;
        } catch (const error& e) {
            EXPECT_EQ(e.what(), sentence);
            EXPECT_EQ(e.code(), errc::invalid_input);
        }
    }
}

TEST(CacheKeys, RefusePrefixesByName) {
    for (const std::string_view each : {"\xFF", "a\n", "@@", "a:@@"})
        EXPECT_THROW(check_prefix("cache_options::prefix", each), std::invalid_argument);
    EXPECT_THROW(check_prefix("cache_options::prefix", std::string(257, 'p')), std::invalid_argument);
    EXPECT_NO_THROW(check_prefix("cache_options::prefix", "shop:"));
}

TEST(CacheKeys, OfTheCacheItselfAreNoUsersKeys) {
    for (const auto& each :
         {version_name(""), tag_name("", "t"), lock_name("", "k"), version_name("a:"), tag_name("a:", "t")})
        EXPECT_THROW(check_key(each), error) << each;
}

} // namespace
} // namespace infra::cache
