#include "src/redis/names.hpp"

#include <gtest/gtest.h>

#include <set>

namespace infra::cache::redis_backend {
namespace {

TEST(CacheRedisNames, AreInTheSlotsThatRedisSays) {
    EXPECT_EQ(slot_of("123456789"), 0x31c3); // the specification's own vector
    EXPECT_EQ(slot_of("foo"), 12182);        // as CLUSTER KEYSLOT answers
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
    EXPECT_EQ(slot_of("foo{}{bar}"), slot_of("foo{}{bar}"));
    EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
    EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
    EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
}

TEST(CacheRedisNames, StandInTheSlotOfWhatTheyStandBeside) {
    for (const std::string key :
         {"user:42", "user:{42}:name", "a}b", "{}x", "a{b", "a}{b}c", "{{x}y", "a}b{", "}", "ü"})
        EXPECT_EQ(slot_of(beside(key, "lease")), slot_of(key)) << key << " " << beside(key, "lease");
}

TEST(CacheRedisNames, AreDifferentForDifferentKeys) {
    std::set<std::string> all;
    for (const std::string key : {"a", "{a}", "{a}a", "a{a}", "a}", "{a", "{}a", "{a}{a}"})
        EXPECT_TRUE(all.insert(beside(key, "lease")).second) << key;
    EXPECT_NE(beside("a", "lease"), beside("a", "fence"));
}

TEST(CacheRedisNames, TakeTheSmallestNumber) {
    for (const std::string key : {"a}b", "}", "x}", "}}"}) {
        unsigned n = 0;
        while (slot_of(std::to_string(n)) != slot_of(key))
            ++n;
        EXPECT_EQ(beside(key, "lease"), "@@lease:{" + std::to_string(n) + "}" + key);
    }
}

TEST(CacheRedisNames, FindANumberForEverySlot) {
    std::set<std::uint16_t> found;
    for (unsigned n = 0; n < 200'000; ++n)
        found.insert(slot_of(std::to_string(n)));
    EXPECT_EQ(found.size(), 16384u);
}

} // namespace
} // namespace infra::cache::redis_backend
