#include "src/redis/debts.hpp"

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

using texts = std::vector<std::string>;

TEST(CacheDebts, AreTakenOnceAndInParts) {
    debts subject(100);
    subject.owe_erasure(texts{"b", "a", "c", "a"});
    subject.owe_bump(texts{"v"});
    EXPECT_EQ(subject.size(), 4u);
    const auto first = subject.take(2);
    EXPECT_EQ(first.keys, (texts{"a", "b"}));
    EXPECT_EQ(first.names, (texts{"v"}));
    EXPECT_TRUE(subject.owes("v"));
    EXPECT_EQ(subject.take(2).keys, first.keys) << "whoever took it may not have paid";
    EXPECT_EQ(subject.size(), 4u);
    subject.paid();
    EXPECT_FALSE(subject.owes("v"));
    EXPECT_EQ(subject.take(2).keys, (texts{"c"}));
    EXPECT_TRUE(subject.any());
    subject.paid();
    EXPECT_TRUE(subject.take(2).empty());
    EXPECT_FALSE(subject.any());
}

TEST(CacheDebts, BecomeEverythingBeyondTheirBound) {
    debts subject(2);
    subject.know_namespace("shop:@@version");
    subject.owe_bump(texts{"shop:@@tag:t"});
    subject.owe_erasure(texts{"a", "b", "c"});
    subject.owe_erasure(texts{"d"});
    subject.owe_bump(texts{"shop:@@tag:u"});
    EXPECT_EQ(subject.size(), 1u);
    const auto all = subject.take(100);
    EXPECT_TRUE(all.keys.empty());
    EXPECT_EQ(all.names, (texts{"shop:@@version"}));
    subject.paid();
    EXPECT_EQ(subject.size(), 0u);
}

TEST(CacheDebts, GrowNoFurtherThanTheirBoundHoweverMuchIsOwed) {
    debts subject(10);
    for (int i = 0; i < 1000; ++i) {
        subject.owe_erasure(texts{std::to_string(i)});
        EXPECT_LE(subject.size(), 10u);
    }
}

TEST(CacheDebts, BeginAnewOnceEverythingHasBeenTaken) {
    debts subject(1);
    subject.know_namespace("@@version");
    subject.owe_erasure(texts{"a", "b", "c"});
    EXPECT_TRUE(subject.owes("@@version"));
    EXPECT_EQ(subject.take(100).names, (texts{"@@version"}));
    subject.paid();
    subject.owe_erasure(texts{"d"});
    EXPECT_EQ(subject.take(100).keys, (texts{"d"}));
}

} // namespace
} // namespace infra::cache::redis_backend
