#pragma once

// The part of the suite that tells of replacing what was seen, of leases and of locks.

#include "store_conformance.hpp"

namespace infra::cache::tests {

TEST_P(CacheStore, ReplacesOnlyWhatWasSeen) {
    EXPECT_FALSE(replace("a", "1", "2"));
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_TRUE(replace("a", std::nullopt, "1"));
    EXPECT_FALSE(replace("a", std::nullopt, "2"));
    EXPECT_FALSE(replace("a", "", "2"));
    EXPECT_EQ(get("a"), "1");
    EXPECT_TRUE(replace("a", "1", "\xC1 2"));
    EXPECT_TRUE(replace("a", "\xC1 2", ""));
    EXPECT_TRUE(replace("a", "", "3"));
    EXPECT_EQ(get("a"), "3");
}

TEST_P(CacheStore, AReplacementHasItsOwnTimeOrThatOfTheOld) {
    set("a", "1", 60s);
    loop.await(stored->replace({.entry = {"a", "2", 1h}, .seen = "1", .keeps_time = true}));
    EXPECT_LE(time_left("a"), 60s);
    EXPECT_EQ(get("a"), "2");
    loop.await(stored->replace({.entry = {"a", "3", 1h}, .seen = "2"}));
    EXPECT_GT(time_left("a"), 60s);
    set("b", "1");
    loop.await(stored->replace({.entry = {"b", "2", 1s}, .seen = "1", .keeps_time = true}));
    EXPECT_EQ(time_left("b"), forever);
}

TEST_P(CacheStore, ALeaseShowsWhatLiesThere) {
    EXPECT_EQ(lease("a", "me").value, std::nullopt);
    EXPECT_TRUE(end_lease("a", "me"));
    set("a", "1");
    const auto answer = lease("a", "me");
    EXPECT_TRUE(answer.granted);
    EXPECT_EQ(answer.value, "1");
}

TEST_P(CacheStore, StoresUnderALeaseAndEndsIt) {
    set("a", "old");
    ASSERT_TRUE(lease("a", "me").granted);
    ASSERT_TRUE(lease("a", "me").granted) << "a request whose answer was lost is asked again";
    EXPECT_FALSE(replace("a", "old", "new", "you"));
    EXPECT_TRUE(replace("a", "old", "new", "me"));
    EXPECT_EQ(get("a"), "new");
    EXPECT_FALSE(replace("a", "new", "newer", "me"));
    EXPECT_FALSE(end_lease("a", "me"));
}

TEST_P(CacheStore, ALeaseIsGivenUpByItsHolderOnly) {
    ASSERT_TRUE(lease("a", "me").granted);
    EXPECT_FALSE(end_lease("a", "you"));
    EXPECT_TRUE(end_lease("a", "me"));
    EXPECT_FALSE(replace("a", std::nullopt, "1", "me"));
    EXPECT_TRUE(lease("a", "you").granted);
}

TEST_P(CacheStore, WhatWasWrittenMeanwhileIsNotReplacedUnderALease) {
    const auto refused_after = [this](const std::string& key, const std::function<void()>& write) {
        EXPECT_TRUE(lease(key, "me").granted);
        write();
        const auto written = get(key);
        EXPECT_FALSE(replace(key, std::nullopt, "loaded", "me")) << key;
        EXPECT_EQ(get(key), written) << key;
    };
    refused_after("set", [&] { set("set", "1"); });
    refused_after("add", [&] { add("add", 1); });
    refused_after("replace", [&] { replace("replace", std::nullopt, "1"); });
    refused_after("expire", [&] { set("expire", "1"), expire("expire", 1h); });
    refused_after("erase", [&] { erase("erase"); });
    refused_after("both", [&] { set("both", "1"), erase("both"); });
}

TEST_P(CacheStore, AnEraseEndsALeaseOnAValueThatWasThere) {
    set("a", "\xC1 old");
    ASSERT_TRUE(lease("a", "me").granted);
    erase("a");
    set("a", "\xC1 old");
    EXPECT_FALSE(replace("a", "\xC1 old", "loaded", "me"));
    EXPECT_TRUE(lease("a", "you").granted);
}

TEST_P(CacheStore, ALeaseIsHeldByOneProcess) {
    if (!subject.elsewhere)
        GTEST_SKIP() << "no other process sees this store";
    ASSERT_TRUE(lease_of(*stored, "a", "me").granted);
    EXPECT_FALSE(lease_of(*subject.elsewhere, "a", "you").granted);
    EXPECT_TRUE(end_lease("a", "me"));
    EXPECT_TRUE(lease_of(*subject.elsewhere, "a", "you").granted);
}

TEST_P(CacheStore, ALeaseLastsLongerIfItsHolderSaysSo) {
    if (!subject.elsewhere)
        GTEST_SKIP() << "no other process sees this store";
    ASSERT_TRUE(lease_of(*stored, "a", "me", 10min).ends);
    EXPECT_FALSE(loop.await(stored->extend_lease({"a", "you", 1h})));
    EXPECT_TRUE(loop.await(stored->extend_lease({"a", "me", 1h})));
    subject.pass(20min);
    EXPECT_FALSE(lease_of(*subject.elsewhere, "a", "you").granted);
    EXPECT_TRUE(end_lease("a", "me"));
    EXPECT_FALSE(loop.await(stored->extend_lease({"a", "me", 1h})));
}

TEST_P(CacheStore, ALeaseIsOverThoughWhatWasSeenIsThereNoMore) {
    if (!subject.elsewhere)
        GTEST_SKIP() << "no other process sees this store";
    ASSERT_TRUE(lease_of(*stored, "a", "me").granted);
    set("a", "1");
    EXPECT_FALSE(replace("a", std::nullopt, "loaded", "you"));
    EXPECT_FALSE(lease_of(*subject.elsewhere, "a", "you").granted) << "it was not yours to end";
    EXPECT_FALSE(replace("a", std::nullopt, "loaded", "me"));
    EXPECT_TRUE(lease_of(*subject.elsewhere, "a", "you").granted);
}

TEST_P(CacheStore, ALeaseEndsWithItsTimeOrWithAnErase) {
    if (!subject.elsewhere)
        GTEST_SKIP() << "no other process sees this store";
    ASSERT_TRUE(lease_of(*stored, "a", "me", 10min).granted);
    ASSERT_TRUE(lease_of(*stored, "b", "me").granted);
    subject.pass(11min);
    EXPECT_TRUE(lease_of(*subject.elsewhere, "a", "you").granted);
    EXPECT_FALSE(replace("a", std::nullopt, "loaded", "me"));
    loop.await(subject.elsewhere->erase(keys{"b"}));
    EXPECT_FALSE(replace("b", std::nullopt, "loaded", "me"));
    EXPECT_TRUE(lease_of(*subject.elsewhere, "b", "you").granted);
}

TEST_P(CacheStore, OfManyReplacementsOfOneValueOneSucceeds) {
    std::atomic<int> succeeded{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([this, t, &succeeded] {
            test_loop own;
            for (int i = 0; i < 100; ++i) {
                const auto token = std::to_string(t);
                succeeded += own.await(stored->replace({.entry = {"k" + std::to_string(i), token}})).done;
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(succeeded, 100);
}

TEST_P(CacheStore, ALockHasOneHolder) {
    const lock_request mine{"l", "me", 1h}, yours{"l", "you", 1h};
    const auto first = loop.await(stored->acquire(mine));
    ASSERT_TRUE(first);
    EXPECT_EQ(loop.await(stored->acquire(yours)), std::nullopt);
    EXPECT_EQ(loop.await(stored->acquire(mine)), first) << "a request whose answer was lost is asked again";
    EXPECT_FALSE(loop.await(stored->release(yours)));
    EXPECT_FALSE(loop.await(stored->extend(yours)));
    EXPECT_TRUE(loop.await(stored->release(mine)));
    const auto second = loop.await(stored->acquire(yours));
    ASSERT_TRUE(second);
    EXPECT_GT(*second, *first);
}

TEST_P(CacheStore, ALockEndsWithItsTimeUnlessExtended) {
    const lock_request mine{"l", "me", 20min}, yours{"l", "you", 1h};
    ASSERT_TRUE(loop.await(stored->acquire(mine)));
    subject.pass(12min);
    EXPECT_TRUE(loop.await(stored->extend(mine)));
    subject.pass(12min);
    EXPECT_EQ(loop.await(stored->acquire(yours)), std::nullopt);
    subject.pass(10min);
    EXPECT_FALSE(loop.await(stored->extend(mine)));
    EXPECT_TRUE(loop.await(stored->acquire(yours)));
    EXPECT_FALSE(loop.await(stored->release(mine)));
}

TEST_P(CacheStore, ALockThatIsRenewedOutlivesItsTimeAndIsLostWithoutThat) {
    const cache subject_of_both(stored);
    const auto ask = [&](milliseconds ttl) { return loop.await(subject_of_both.try_lock("l", {.ttl = ttl})); };
    const auto mine = ask(30min);
    ASSERT_TRUE(mine);
    for (int i = 0; i < 4; ++i) {
        subject.pass(15min);
        ASSERT_TRUE(loop.await(mine->renew()));
        EXPECT_FALSE(ask(1h)) << "held for " << i;
    }
    subject.pass(35min);
    EXPECT_FALSE(loop.await(mine->renew()));
    const auto yours = ask(1h);
    ASSERT_TRUE(yours);
    EXPECT_GT(yours->fence(), mine->fence());
    EXPECT_FALSE(loop.await(mine->renew())) << "and takes it from nobody";
    EXPECT_FALSE(loop.await(mine->release()));
    EXPECT_TRUE(loop.await(yours->release()));
}

} // namespace infra::cache::tests
