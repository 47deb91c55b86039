#include "src/pace.hpp"

#include <gtest/gtest.h>

namespace infra::storage {
namespace {

TEST(StoragePace, BeginsWithTheMostThereMayBe) {
    pace p(64);
    EXPECT_EQ(p.limit(), 64u);
    for (int i = 0; i < 1000; ++i)
        p.succeeded();
    EXPECT_EQ(p.limit(), 64u);
}

TEST(StoragePace, HalvesOnceForARoundOfRequests) {
    pace p(64);
    const auto first = p.begin();
    const auto second = p.begin();
    p.throttled(first);
    EXPECT_EQ(p.limit(), 32u);
    p.throttled(second); // was under way by then
    EXPECT_EQ(p.limit(), 32u);
    p.throttled(p.begin());
    EXPECT_EQ(p.limit(), 16u);
}

TEST(StoragePace, IsNeverLessThanOne) {
    pace p(5);
    for (int i = 0; i < 10; ++i)
        p.throttled(p.begin());
    EXPECT_EQ(p.limit(), 1u);
}

TEST(StoragePace, GrowsByOneForARoundOfSuccesses) {
    pace p(8);
    p.throttled(p.begin());
    ASSERT_EQ(p.limit(), 4u);
    for (std::size_t expected = 4; expected < 8; ++expected)
        for (std::size_t i = 0; i < expected; ++i) {
            EXPECT_EQ(p.limit(), expected);
            p.succeeded();
        }
    EXPECT_EQ(p.limit(), 8u);
}

TEST(StoragePace, BeginsItsRoundAnewWhenItIsCut) {
    pace p(8);
    p.throttled(p.begin());
    for (int i = 0; i < 3; ++i)
        p.succeeded();
    p.throttled(p.begin());
    ASSERT_EQ(p.limit(), 2u);
    p.succeeded();
    EXPECT_EQ(p.limit(), 2u);
    p.succeeded();
    EXPECT_EQ(p.limit(), 3u);
}

TEST(StorageRetryBudget, IsUsedUpAndComesBackByTenths) {
    retry_budget b(2);
    EXPECT_TRUE(b.take());
    EXPECT_TRUE(b.take());
    EXPECT_FALSE(b.take());
    for (int i = 0; i < 9; ++i)
        b.succeeded();
    EXPECT_FALSE(b.take());
    b.succeeded();
    b.succeeded();
    EXPECT_TRUE(b.take());
    EXPECT_FALSE(b.take());
}

TEST(StorageRetryBudget, HoldsNoMoreThanItsMost) {
    retry_budget b(1);
    for (int i = 0; i < 1000; ++i)
        b.succeeded();
    EXPECT_TRUE(b.take());
    EXPECT_FALSE(b.take());
}

} // namespace
} // namespace infra::storage
