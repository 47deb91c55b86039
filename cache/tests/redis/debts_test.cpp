#include "src/redis/debts.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <set>

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

TEST(CacheDebts, BecomeWholeNamespacesBeyondTheirBound) {
    debts subject(2);
    subject.know_namespace("shop:@@version", {});
    subject.know_namespace("other:@@version", {});
    subject.owe_bump(texts{"shop:@@tag:t", "shop:user:@@version"});
    subject.owe_erasure(texts{"shop:a", "shop:b", "shop:@@7:c"});
    EXPECT_EQ(subject.size(), 1u);
    EXPECT_TRUE(subject.owes("shop:@@version"));
    EXPECT_FALSE(subject.owes("other:@@version")) << "in which nothing is";
    const auto all = subject.take(100);
    EXPECT_TRUE(all.keys.empty());
    EXPECT_EQ(all.names, (texts{"shop:@@version"}));
    subject.paid();
    EXPECT_EQ(subject.size(), 0u);
    EXPECT_FALSE(subject.any());
}

TEST(CacheDebts, BecomeTheCacheWithoutAPrefixToo) {
    debts subject(1);
    subject.know_namespace("@@version", {});
    subject.know_namespace("shop:@@version", {});
    subject.owe_erasure(texts{"a", "b", "c", "d"});
    EXPECT_EQ(subject.take(100).names, (texts{"@@version"}));
}

TEST(CacheDebts, GrowNoFurtherThanTheirBoundHoweverMuchIsOwed) {
    debts subject(10);
    for (int i = 0; i < 1000; ++i) {
        subject.owe_erasure(texts{std::to_string(i)});
        EXPECT_LE(subject.size(), 10u);
    }
}

TEST(CacheDebts, BeginAnewBeyondTheirBound) {
    debts subject(1);
    subject.know_namespace("p:@@version", {});
    subject.owe_erasure(texts{"p:a", "p:b", "p:c"});
    EXPECT_TRUE(subject.owes("p:@@version"));
    subject.owe_erasure(texts{"p:d"});
    const auto all = subject.take(100);
    EXPECT_EQ(all.names, (texts{"p:@@version"}));
    EXPECT_EQ(all.keys, (texts{"p:d"}));
}

std::string version_of(std::size_t i) { return "t" + std::to_string(i) + ":@@version"; }

void know_gone_ones(debts& in, std::size_t how_many) {
    for (std::size_t i = 0; i < how_many; ++i)
        in.know_namespace(version_of(i), {});
}

TEST(CacheDebts, ForgetNamespacesThatNobodyHasAHandleOf) {
    debts subject(100);
    const auto handle = std::make_shared<int>();
    subject.know_namespace("p:@@version", handle);
    subject.owe_erasure(texts{"p:a"}); // in an outage too
    EXPECT_NO_THROW(know_gone_ones(subject, 3 * debts::max_namespaces));
    for (int i = 0; i < 1000; ++i)
        subject.owe_erasure(texts{"p:" + std::to_string(i)});
    EXPECT_TRUE(subject.owes("p:@@version"));
}

TEST(CacheDebts, ForgetNoNamespaceInWhichSomethingIsOwed) {
    debts subject(10);
    subject.know_namespace("first:@@version", {});
    subject.know_namespace("second:@@version", {});
    subject.owe_erasure(texts{"first:a"});
    subject.owe_bump(texts{"second:@@tag:t"});
    know_gone_ones(subject, 1000);
    for (int i = 0; i < 2000; ++i)
        subject.owe_erasure(texts{"first:" + std::to_string(i)});
    std::set<std::string> names;
    for (auto bill = subject.take(500); !bill.empty(); bill = subject.take(500)) {
        names.insert(bill.names.begin(), bill.names.end());
        subject.paid();
    }
    EXPECT_EQ(names, (std::set<std::string>{"first:@@version", "second:@@version"}))
        << "what is in them is to be made void, whoever has let go of them";
}

TEST(CacheDebts, TakeNoMoreNamespacesWhereSomethingIsOwedInAll) {
    debts subject(2 * debts::max_namespaces);
    for (std::size_t i = 0; i < debts::max_namespaces; ++i) {
        subject.know_namespace(version_of(i), {});
        subject.owe_erasure(texts{"t" + std::to_string(i) + ":a"});
    }
    EXPECT_THROW(subject.know_namespace("p:@@version", {}), error);
    while (!subject.take(500).empty())
        subject.paid();
    EXPECT_NO_THROW(subject.know_namespace("p:@@version", {}));
}

TEST(CacheDebts, TakeSoManyNamespacesAndNoMore) {
    debts subject(10);
    const auto handle = std::make_shared<int>();
    const auto know = [&](std::size_t i) { subject.know_namespace(version_of(i), handle); };
    for (std::size_t i = 0; i < debts::max_namespaces; ++i)
        know(i);
    EXPECT_THROW(know(debts::max_namespaces), error);
    EXPECT_NO_THROW(know(0)) << "which is known";
}

} // namespace
} // namespace infra::cache::redis_backend
