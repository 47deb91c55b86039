#include "src/redis/debts.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>

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
    subject.know_namespace("shop:@@version", {});
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
    subject.know_namespace("@@version", {});
    subject.owe_erasure(texts{"a", "b", "c"});
    EXPECT_TRUE(subject.owes("@@version"));
    EXPECT_EQ(subject.take(100).names, (texts{"@@version"}));
    subject.paid();
    subject.owe_erasure(texts{"d"});
    EXPECT_EQ(subject.take(100).keys, (texts{"d"}));
}

void know_gone_ones(debts& in, int from, int to) {
    for (int i = from; i < to; ++i)
        in.know_namespace(std::to_string(i), {});
}

TEST(CacheDebts, ForgetNamespacesThatNobodyHasAHandleOf) {
    debts subject(1);
    const auto handle = std::make_shared<int>();
    subject.know_namespace("held", handle);
    know_gone_ones(subject, 0, 10'000);
    for (int i = 0; i < 1000; ++i)
        subject.owe_erasure(texts{std::to_string(i)});
    EXPECT_TRUE(subject.owes("held"));
    EXPECT_LE(subject.size(), 64u);
}

TEST(CacheDebts, ForgetNoNamespaceInWhichSomethingIsOwed) {
    debts subject(10);
    subject.know_namespace("first", {});
    subject.owe_erasure(texts{"first:a"});
    know_gone_ones(subject, 0, 1000);
    for (int i = 0; i < 2000; ++i)
        subject.owe_erasure(texts{"first:" + std::to_string(i)});
    std::size_t names = 0;
    bool has_first = false;
    for (auto bill = subject.take(500); !bill.empty(); bill = subject.take(500)) {
        names += bill.names.size();
        has_first |= std::ranges::find(bill.names, "first") != bill.names.end();
        subject.paid();
    }
    EXPECT_EQ(names, 1001u);
    EXPECT_TRUE(has_first) << "a key of it is to be made void, whoever has let go of it";
}

TEST(CacheDebts, TakeSoManyNamespacesAndNoMore) {
    debts subject(10);
    const auto handle = std::make_shared<int>();
    const auto know = [&](std::size_t i) { subject.know_namespace(std::to_string(i), handle); };
    for (std::size_t i = 0; i < debts::max_namespaces; ++i)
        know(i);
    EXPECT_THROW(know(debts::max_namespaces), error);
    EXPECT_NO_THROW(know(0)) << "which is known";
}

} // namespace
} // namespace infra::cache::redis_backend
