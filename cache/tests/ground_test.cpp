// Loads of several processes that share a store: who holds the lease, and that none is left behind.

#include "../src/ground.hpp"

#include "far_store.hpp"
#include "source.hpp"

namespace infra::cache::tests {
namespace {

class CacheLoadElsewhere : public ::testing::Test {
protected:
    struct process {
        process(const std::shared_ptr<store>& memory, const shared_leases& leases, clock& time)
            : far(std::make_shared<far_store>(memory, leases)), one(far, {}, time) {}
        std::shared_ptr<far_store> far;
        cache one;
    };

    auto ask(const process& p, load_options options) {
        return p.one.get_or_set("key", std::move(options), origin.loader());
    }
    auto start(const process& p, load_options options) { return loop.start(ask(p, std::move(options))); }
    /// Lets those who ask again come round.
    bool in_time(const std::function<bool()>& done) {
        for (int i = 0; i < 1000 && !done(); ++i) {
            loop.settle();
            time.advance(1ms);
        }
        return done();
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<store> memory = make_memory_store({}, time);
    shared_leases leases = std::make_shared<shared_leases::element_type>();
    process a{memory, leases, time}, b{memory, leases, time};
    source origin;
};

TEST_F(CacheLoadElsewhere, OneProcessLoadsForAll) {
    origin.held = true;
    const auto first = start(a, {.ttl = 1h});
    loop.settle();
    std::vector<decltype(start(b, {}))> others;
    for (int i = 0; i < 100; ++i)
        others.push_back(start(b, {.ttl = 1h}));
    ASSERT_TRUE(in_time([&] { return b.far->leases_asked > 3; }));
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return std::ranges::all_of(others, [](const auto& each) { return each->ended; }); }));
    for (const auto& each : others)
        ASSERT_EQ(each->value, 1);
    EXPECT_EQ(origin.started, 1);
    EXPECT_EQ(b.far->leases_held(), 0U);
}

TEST_F(CacheLoadElsewhere, TheOtherLoadsWhereTheFirstFails) {
    origin.held = origin.fails = true;
    const auto first = start(a, {.ttl = 1h});
    loop.settle();
    const auto second = start(b, {.ttl = 1h});
    loop.settle();
    origin.let_go();
    loop.settle();
    origin.fails = false;
    ASSERT_TRUE(in_time([&] { return second->ended; }));
    EXPECT_EQ(describe(first->failure), "the database is down");
    EXPECT_EQ(second->value, 1);
}

TEST_F(CacheLoadElsewhere, TheOtherLoadsWhereTheFirstIsCancelled) {
    origin.held = true;
    const auto first = start(a, {.ttl = 1h});
    loop.settle();
    const auto second = start(b, {.ttl = 1h});
    loop.cancel(first);
    ASSERT_TRUE(in_time([&] { return origin.started == 2; })) << "its lease ended with it";
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return second->ended; }));
    EXPECT_EQ(second->value, 1);
}

// --- No lease is left behind ---

TEST_F(CacheLoadElsewhere, EndsItsLeaseThoughALoaderThrowsItsOwnWhenItIsCancelled) {
    const auto stubborn = [&]() -> awaitable<int> {
        try {
            co_await origin.loader()();
        } catch (const std::exception&) {
        }
        throw std::runtime_error("my connection was closed");
    };
    origin.held = true;
    const auto one = loop.start(a.one.get_or_set("key", 1h, stubborn));
    loop.settle();
    ASSERT_EQ(a.far->leases_held(), 1U);
    loop.cancel(one);
    ASSERT_TRUE(in_time([&] { return one->ended; }));
    EXPECT_TRUE(in_time([&] { return a.far->leases_held() == 0; }));
}

TEST_F(CacheLoadElsewhere, EndsItsLeaseThoughItIsNotToldThatItHasIt) {
    a.far->loses_the_grant = true;
    EXPECT_EQ(loop.await(ask(a, {.ttl = 1h})), 1);
    EXPECT_TRUE(in_time([&] { return a.far->leases_held() == 0; }));
}

TEST_F(CacheLoadElsewhere, EndsItsLeaseThoughNobodyTookWhatWasToBeStored) {
    a.far->unanswered = true;
    EXPECT_EQ(loop.await(ask(a, {.ttl = 1h})), 1);
    EXPECT_TRUE(in_time([&] { return a.far->leases_held() == 0; }));
}

TEST_F(CacheLoadElsewhere, EndsItsLeaseThoughTheCacheGoesWhileItRefreshes) {
    const load_options o{.ttl = 1s, .stale = 1h};
    auto passing = std::make_optional<cache>(a.far, cache_options(), time);
    loop.await(passing->get_or_set("key", o, origin.loader()));
    time.advance(2s);
    origin.held = true;
    loop.await(passing->get_or_set("key", o, origin.loader()));
    ASSERT_TRUE(in_time([&] { return origin.started == 2; }));
    ASSERT_EQ(a.far->leases_held(), 1U);
    passing.reset();
    EXPECT_TRUE(in_time([&] { return a.far->leases_held() == 0; }));
    EXPECT_EQ(origin.cancelled, 1);
}

TEST_F(CacheLoadElsewhere, ExtendsAShortLeaseWhileItLoads) {
    origin.held = true;
    const auto one = start(a, {.ttl = 1h});
    loop.settle();
    EXPECT_LE(a.far->longest_lease, 5s) << "so long others wait for a process that has died";
    for (int i = 1; i <= 10; ++i) {
        time.advance(2s);
        loop.settle();
        EXPECT_EQ(a.far->leases_extended, i);
    }
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return one->ended; }));
    time.advance(1min);
    loop.settle();
    EXPECT_EQ(a.far->leases_extended, 10);
    EXPECT_EQ(loop.await(a.one.get<int>("key")), 1);
}

TEST_F(CacheLoadElsewhere, ExtendsNoLeaseThatIsOver) {
    origin.held = true;
    const auto one = start(a, {.ttl = 1h});
    loop.settle();
    loop.await(b.one.del("key"));
    for (int i = 0; i < 3; ++i) {
        time.advance(2s);
        loop.settle();
    }
    EXPECT_EQ(a.far->leases_extended, 1);
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return one->ended; }));
}

// --- Waiting for another process ---

TEST_F(CacheLoadElsewhere, AnOldValueIsServedAfterTheHardTimeout) {
    const load_options o{.ttl = 1s, .grace = 1h, .hard_timeout = 300ms};
    loop.await(ask(a, o));
    time.advance(2s);
    origin.held = true;
    const auto first = start(a, {.ttl = 1s, .grace = 1h});
    loop.settle();
    const auto second = start(b, o);
    ASSERT_TRUE(in_time([&] { return second->ended; }));
    EXPECT_EQ(second->value, 1) << describe(second->failure);
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return first->ended; }));
}

TEST_F(CacheLoadElsewhere, IsWaitedForUntilTheHardTimeout) {
    origin.held = true;
    const auto first = start(a, {.ttl = 1h});
    loop.settle();
    const auto second = start(b, {.ttl = 1h, .hard_timeout = 300ms});
    ASSERT_TRUE(in_time([&] { return second->ended; }));
    EXPECT_EQ(code_of(second->failure), infra::errc::timed_out);
    EXPECT_EQ(origin.started, 1);
    origin.let_go();
    loop.settle();
}

TEST_F(CacheLoadElsewhere, AnOldValueIsServedMeanwhileAfterTheSoftTimeout) {
    const load_options o{.ttl = 1s, .grace = 1h, .soft_timeout = 100ms};
    loop.await(ask(a, o));
    time.advance(2s);
    origin.held = true;
    origin.next = 2;
    const auto first = start(a, o);
    loop.settle();
    const auto second = start(b, o);
    ASSERT_TRUE(in_time([&] { return second->ended; }));
    EXPECT_EQ(second->value, 1);
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return b.far->leases_held() == 0; }));
    EXPECT_EQ(loop.await(ask(b, o)), 2);
    EXPECT_EQ(origin.started, 2);
}

TEST_F(CacheLoadElsewhere, WhatOneErasesTheOtherDoesNotBringBack) {
    origin.held = true;
    const auto first = start(a, {.ttl = 1h});
    loop.settle();
    loop.await(b.one.del("key"));
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return first->ended; }));
    EXPECT_EQ(loop.await(b.one.get<int>("key")), std::nullopt);
}

TEST_F(CacheLoadElsewhere, ARefreshFindsWhatAnotherHasRefreshed) {
    const load_options o{.ttl = 1s, .stale = 1h};
    loop.await(ask(a, o));
    time.advance(2s);
    a.far->before_lease = [&] { loop.start(b.one.set("key", 5, 1h)), loop.settle(); };
    EXPECT_EQ(loop.await(ask(a, o)), 1);
    ASSERT_TRUE(in_time([&] { return a.far->leases_held() == 0 && a.far->leases_asked == 2; }));
    EXPECT_EQ(origin.started, 1);
    EXPECT_EQ(loop.await(a.one.get<int>("key")), 5);
}

// --- A store that does not answer ---

TEST_F(CacheLoadElsewhere, IsTheCallersThoughTheStoreDoesNotAnswer) {
    origin.held = true;
    std::vector<decltype(start(a, {}))> all;
    a.far->before_lease = [&] { a.far->down = errc::unavailable; };
    for (int i = 0; i < 20; ++i)
        all.push_back(start(a, {.ttl = 1h}));
    ASSERT_TRUE(in_time([&] { return origin.started == 1; }));
    origin.let_go();
    for (const auto& each : all) {
        ASSERT_TRUE(in_time([&] { return each->ended; }));
        EXPECT_EQ(each->value, 1);
    }
    EXPECT_EQ(origin.started, 1);
}

TEST_F(CacheLoadElsewhere, IsEverybodysThoughNobodyTookWhatWasToBeStored) {
    origin.held = a.far->unanswered = true;
    std::vector<decltype(start(a, {}))> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(start(a, {.ttl = 1h}));
    ASSERT_TRUE(in_time([&] { return origin.started == 1; }));
    origin.let_go();
    ASSERT_TRUE(in_time([&] { return std::ranges::all_of(all, [](const auto& each) { return each->ended; }); }));
    EXPECT_EQ(origin.started, 1);
}

TEST_F(CacheLoadElsewhere, TheOldValueStandsInThoughTheStoreDoesNotAnswer) {
    const load_options o{.ttl = 1s, .tags = "t", .grace = 1h};
    loop.await(ask(a, o));
    time.advance(2s);
    origin.fails = true;
    a.far->before_lease = [&] { a.far->down = errc::unavailable; };
    EXPECT_EQ(loop.await(ask(a, o)), 1);
    EXPECT_EQ(origin.started, 2);
}

} // namespace
} // namespace infra::cache::tests
