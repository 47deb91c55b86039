#include "../src/key_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace infra::cache {
namespace {

constexpr std::uint64_t seed = 0x1234567890abcdef;

TEST(CacheKeyHash, EveryByteOfEveryLengthCounts) {
    std::set<std::uint64_t> all;
    std::size_t count = 0;
    for (std::size_t size = 0; size <= 70; ++size) {
        std::string key(size, 'k');
        all.insert(hash_key(key, seed)), ++count;
        for (auto& each : key) {
            each = 'K';
            all.insert(hash_key(key, seed)), ++count;
            each = 'k';
        }
    }
    EXPECT_EQ(all.size(), count);
}

TEST(CacheKeyHash, TheSeedDecides) {
    for (const std::string key : {"", "a", "user:1", "a key of more than sixteen bytes"})
        EXPECT_NE(hash_key(key, seed), hash_key(key, seed + 1)) << key;
}

// The shard is taken from the upper bits, the place in its table from the lower ones.
TEST(CacheKeyHash, SpreadsUsualKeysOverTheUpperAndTheLowerBits) {
    std::array<int, 64> upper{}, lower{};
    for (int i = 0; i < 64'000; ++i) {
        const auto hash = hash_key("session:user:" + std::to_string(i), seed);
        ++upper[(hash >> 48) % 64];
        ++lower[hash % 64];
    }
    for (const auto& counts : {upper, lower}) {
        EXPECT_GT(std::ranges::min(counts), 850);
        EXPECT_LT(std::ranges::max(counts), 1150);
    }
}

TEST(CacheKeyHash, ComparesEveryByteOfEveryLengthAndNoOther) {
    for (std::size_t size = 0; size <= 70; ++size) {
        const auto key = std::string(size, 'k') + "x", same = std::string(size, 'k') + "y";
        EXPECT_TRUE(same_bytes(key.data(), same.data(), size)) << size;
        for (std::size_t at = 0; at < size; ++at) {
            auto other = same;
            other[at] = 'K';
            EXPECT_FALSE(same_bytes(key.data(), other.data(), size)) << size << ", " << at;
        }
    }
}

} // namespace
} // namespace infra::cache
