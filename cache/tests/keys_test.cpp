#include "../src/keys.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::cache {
namespace {

std::string written(std::string_view prefix, std::uint64_t version, std::string_view key) {
    std::string out;
    write_key(out, prefix, version, key);
    return out;
}

template <class Check>
bool passes(Check check) {
    try {
        check();
        return true;
    } catch (const std::exception&) {
        return false;
    }
}
bool is_key(std::string_view key) {
    return passes([&] { check_key(key); });
}
bool is_prefix(std::string_view prefix) {
    return passes([&] { check_prefix("prefix", prefix); });
}

TEST(CacheKeys, AreTheUsersOwnUntilAFlush) {
    EXPECT_EQ(written("", 0, "user:123"), "user:123");
    EXPECT_EQ(written("shop:", 0, "user:123"), "shop:user:123");
}

TEST(CacheKeys, CarryTheVersionAfterAFlush) {
    EXPECT_EQ(written("shop:", 35, "user:123"), "shop:@@35:user:123");
    EXPECT_EQ(written("", 36, "k"), "@@36:k");
}

// The way of a hit, which has no use for the heap unless a key is long.
TEST(CacheKeys, AreTheSameInARoomOnTheStack) {
    for (const std::size_t prefix : {0U, 5U, 256U})
        for (const std::uint64_t version : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0}})
            for (const std::size_t size : {1U, 20U, 200U, 233U, 484U, 489U, 490U, 512U, 1024U, 1025U, 60'000U}) {
                const std::string p(prefix, 'p'), key(size, 'k');
                key_room room;
                ASSERT_EQ(key_in(room, p, version, key), written(p, version, key))
                    << prefix << " " << version << " " << size;
            }
}

TEST(CacheKeys, OfMoreThanOneKibibyteAreDigested) {
    const std::string longest(1024, 'a');
    EXPECT_EQ(written("", 0, longest), longest);
    const auto a = written("", 0, longest + "a");
    const auto b = written("", 0, longest + "b");
    EXPECT_EQ(a.size(), 1024U);
    EXPECT_NE(a, b);
    EXPECT_EQ(a.substr(0, 957), longest.substr(0, 957));
}

TEST(CacheKeys, AreNotCutInTheMiddleOfACharacter) {
    std::string key(1, 'a');
    for (int i = 0; i < 600; ++i)
        key += "\xC3\xA9";
    EXPECT_TRUE(encoding::is_utf8(written("", 0, key)));
    EXPECT_TRUE(encoding::is_utf8(written("", 0, key.substr(1))));
}

TEST(CacheKeys, OfEveryUsualKindAreAccepted) {
    for (const std::string_view each :
         {"a", "user:123", "user:@ann", "@x", "a@", "sp ace", "\xC3\xA9t\xC3\xA9", "{tag}x"})
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
        {"@@version", "a cache key must not contain @@: the cache keeps its own values there"},
        {"shop@@tag:x", "a cache key must not contain @@: the cache keeps its own values there"},
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
    for (const std::string_view each : {"\xFF", "a\n", "@@", "a:@@", "a@@b", "a@"})
        EXPECT_THROW(check_prefix("cache_options::prefix", each), std::invalid_argument);
    EXPECT_THROW(check_prefix("cache_options::prefix", std::string(257, 'p')), std::invalid_argument);
    EXPECT_NO_THROW(check_prefix("cache_options::prefix", "shop:"));
}

std::vector<std::string> of_the_cache_itself(std::string_view prefix) {
    return {version_name(prefix),   tag_name(prefix, "t"),   tag_name(prefix, "@@version"),
            lock_name(prefix, "k"), written(prefix, 1, "k"), written(prefix, 37960, "t")};
}

// Prefixes need no colon, and what one cache keeps for itself is nobody's key behind another prefix.
TEST(CacheKeys, OfTheCacheItselfAreNoUsersKeysBehindAnyPrefix) {
    for (const std::string whose : {"", "shop", "shop:", "a@:"})
        for (const auto& each : of_the_cache_itself(whose))
            for (std::size_t cut = 0; cut < each.size(); ++cut) {
                const auto prefix = std::string_view(each).substr(0, cut), key = std::string_view(each).substr(cut);
                EXPECT_FALSE(is_prefix(prefix) && is_key(key)) << prefix << " | " << key;
            }
}

TEST(CacheKeys, OfTheCacheItselfAreAllDifferent) {
    std::set<std::string> all;
    std::size_t count = 0;
    for (const std::string whose : {"", "shop", "shop:", "a@:"})
        for (auto& each : of_the_cache_itself(whose)) {
            all.insert(std::move(each));
            ++count;
        }
    EXPECT_EQ(all.size(), count);
}

TEST(CacheKeys, AreNoDigestsOfOthers) {
    const auto digested = written("", 0, std::string(2000, 'k'));
    EXPECT_EQ(digested.size(), 1024U);
    EXPECT_FALSE(is_key(digested));
}

} // namespace
} // namespace infra::cache
