#include "src/redis/eviction.hpp"

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

std::string info(const std::string& bound, const std::string& policy) {
    return "# Memory\r\nused_memory:1000\r\nmaxmemory_human:1M\r\nmaxmemory:" + bound +
           "\r\nmaxmemory_policy:" + policy + "\r\nmem_allocator:jemalloc\r\n";
}

TEST(CacheEviction, OfWhatHasNoEndIsFoundByItsPolicy) {
    EXPECT_EQ(evicts_all_by(info("1000000", "allkeys-lru")), "allkeys-lru");
    EXPECT_EQ(evicts_all_by(info("1", "allkeys-random")), "allkeys-random");
}

TEST(CacheEviction, OfOtherThingsIsNone) {
    EXPECT_EQ(evicts_all_by(info("1000000", "volatile-lru")), "");
    EXPECT_EQ(evicts_all_by(info("1000000", "noeviction")), "");
    EXPECT_EQ(evicts_all_by(info("0", "allkeys-lru")), "") << "without a bound nothing is evicted";
    EXPECT_EQ(evicts_all_by(""), "");
    EXPECT_EQ(evicts_all_by("maxmemory_policy:allkeys-lru"), "");
    EXPECT_EQ(evicts_all_by("maxmemory:1\nmaxmemory_policy:allkeys-lru"), "allkeys-lru");
}

} // namespace
} // namespace infra::cache::redis_backend
