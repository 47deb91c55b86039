#include "../src/load.hpp"

#include "far_store.hpp"
#include "source.hpp"

namespace infra::cache::tests {
namespace {

/// A write by somebody else: its name, and what lies under "key" after it.
struct other_write {
    std::string name;
    std::function<void(test_loop&, const cache&)> write;
    std::optional<int> then;
};

enum class distance { near, far };

class CacheLoad : public ::testing::TestWithParam<distance> {
protected:
    static std::shared_ptr<store> make(std::shared_ptr<store> memory) {
        if (GetParam() == distance::near)
            return memory;
        return std::make_shared<far_store>(std::move(memory));
    }

    auto ask(load_options options) { return subject.get_or_set("key", std::move(options), origin.loader()); }
    auto start(load_options options) { return loop.start(ask(std::move(options))); }
    int get(load_options options) { return loop.await(ask(std::move(options))); }
    std::optional<int> there() { return loop.await(subject.get<int>("key")); }
    template <class T>
    bool ends(const std::shared_ptr<pending<T>>& p) {
        return loop.until([&] { return p->ended; });
    }
    auto start_held(load_options options) {
        origin.held = true;
        auto began = start(std::move(options));
        EXPECT_TRUE(loop.until([&] { return !origin.waiting.empty(); }));
        return began;
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<store> stored = make(make_memory_store({.max_bytes = 1 << 20}, time));
    cache subject{stored, {}, time};
    source origin;
};

INSTANTIATE_TEST_SUITE_P(Store, CacheLoad, testing::Values(distance::near, distance::far),
                         [](const auto& info) { return info.param == distance::near ? "Near" : "Far"; });

const other_write writes[] = {
    {"set", [](test_loop& l, const cache& c) { l.await(c.set("key", 7)); }, 7},
    {"del", [](test_loop& l, const cache& c) { l.await(c.del("key")); }, std::nullopt},
    {"set and del", [](test_loop& l, const cache& c) { l.await(c.set("key", 7)), l.await(c.del("key")); },
     std::nullopt},
    {"increment", [](test_loop& l, const cache& c) { l.await(c.increment("key", 7)); }, 7},
    {"tagged", [](test_loop& l, const cache& c) { l.await(c.set("key", 7, {.tags = "t"})); }, 7},
    {"flush", [](test_loop& l, const cache& c) { l.await(c.flush()); }, std::nullopt},
    {"tag", [](test_loop& l, const cache& c) { l.await(c.invalidate_tag("t")); }, std::nullopt},
};

TEST_P(CacheLoad, UndoesNoWriteThatCameWhileItRan) {
    for (const auto& each : writes) {
        loop.await(subject.del("key"));
        const auto first = start_held({.ttl = 1h, .tags = "t"});
        each.write(loop, subject);
        origin.let_go();
        ASSERT_TRUE(ends(first)) << each.name;
        EXPECT_EQ(first->value, 1) << each.name << ": the caller, who came before, has what was loaded";
        EXPECT_EQ(there(), each.then) << each.name;
    }
}

TEST_P(CacheLoad, ThatFailsBringsNoOldValueBack) {
    const load_options o{.ttl = 1s, .tags = "t", .grace = 1h};
    for (const auto& each : writes) {
        loop.await(subject.del("key"));
        origin.fails = false;
        get(o);
        time.advance(2s);
        const auto failing = start_held(o);
        each.write(loop, subject);
        origin.fails = true;
        origin.let_go();
        ASSERT_TRUE(ends(failing)) << each.name;
        EXPECT_EQ(there(), each.then) << each.name;
    }
}

TEST_P(CacheLoad, ThatRefreshesUndoesNoWriteThatCameWhileItRan) {
    const load_options o{.ttl = 1s, .tags = "t", .stale = 1h};
    for (const auto& each : writes) {
        loop.await(subject.del("key"));
        origin.held = false;
        get(o);
        time.advance(2s);
        const auto reader = start_held(o);
        ASSERT_TRUE(ends(reader));
        each.write(loop, subject);
        origin.let_go();
        loop.settle();
        loop.settle();
        EXPECT_EQ(there(), each.then) << each.name;
    }
}

TEST_P(CacheLoad, ThatRefreshesLeavesANewTimeAlone) {
    const load_options o{.ttl = 10s, .eager = 0.5};
    get(o);
    time.advance(6s);
    const auto reader = start_held(o);
    ASSERT_TRUE(ends(reader));
    EXPECT_TRUE(loop.await(subject.expire("key", 1h)));
    origin.let_go();
    loop.settle();
    EXPECT_EQ(loop.await(subject.ttl("key")), 1h);
}

TEST_P(CacheLoad, WhoAsksAfterAWriteGetsNothingOlder) {
    for (const auto& each : writes) {
        loop.await(subject.del("key"));
        origin.next = 1;
        const auto before = start_held({.ttl = 1h, .tags = "t"});
        each.write(loop, subject);
        origin.next = 2;
        std::vector<decltype(start({}))> after;
        for (int i = 0; i < 20; ++i)
            after.push_back(start({.ttl = 1h, .tags = "t"}));
        loop.settle();
        const auto loads = origin.started;
        origin.let_go();
        ASSERT_TRUE(ends(before));
        EXPECT_EQ(before->value, 1) << each.name;
        for (const auto& one : after) {
            ASSERT_TRUE(ends(one)) << each.name;
            EXPECT_EQ(one->value, each.then.value_or(2)) << each.name;
        }
        EXPECT_LE(origin.started, loads + 1) << each.name << ": and loads once more, not each for himself";
    }
}

TEST_P(CacheLoad, ThatFailsIsNoAnswerForWhoAskedAfterAWrite) {
    const auto leader = start_held({.ttl = 1h});
    loop.await(subject.set("key", 7));
    loop.await(subject.del("key"));
    const auto early = start({.ttl = 1h});
    loop.settle();
    loop.await(subject.set("key", 8));
    origin.fails = true;
    origin.let_go();
    ASSERT_TRUE(ends(leader) && ends(early));
    EXPECT_EQ(describe(leader->failure), "the database is down");
    EXPECT_EQ(early->value, 8);
}

TEST_P(CacheLoad, IsOneForAllCachesOnAStore) {
    const cache other(stored, {}, time);
    const auto first = start_held({.ttl = 1h});
    const auto second = loop.start(other.get_or_set("key", 1h, origin.loader()));
    loop.settle();
    EXPECT_EQ(origin.started, 1);
    origin.let_go();
    ASSERT_TRUE(ends(first) && ends(second));
    EXPECT_EQ(second->value, 1);
}

// --- Nobody waits for ever ---

TEST_P(CacheLoad, AWaiterHasADeadlineOfItsOwn) {
    origin.heeds_cancellation = false;
    const auto leader = start_held({.ttl = 1h});
    const auto waiter = start({.ttl = 1h, .hard_timeout = 200ms}), patient = start({.ttl = 1h});
    loop.settle();
    time.advance(200ms);
    ASSERT_TRUE(ends(waiter));
    EXPECT_EQ(code_of(waiter->failure), infra::errc::timed_out);
    time.advance(59s);
    loop.settle();
    EXPECT_FALSE(patient->ended);
    time.advance(1s);
    ASSERT_TRUE(ends(patient));
    EXPECT_EQ(code_of(patient->failure), infra::errc::timed_out) << "a minute where nothing else is said";
    origin.let_go();
    ASSERT_TRUE(ends(leader));
}

TEST_P(CacheLoad, AWaiterWhoseTimeIsOverServesItsOldValue) {
    const load_options o{.ttl = 1s, .grace = 1h, .hard_timeout = 200ms};
    get(o);
    time.advance(2s);
    origin.heeds_cancellation = false;
    const auto leader = start_held(o), waiter = start(o);
    loop.settle();
    time.advance(200ms);
    ASSERT_TRUE(ends(waiter));
    EXPECT_EQ(waiter->value, 1);
    origin.let_go();
    ASSERT_TRUE(ends(leader));
}

TEST_P(CacheLoad, EndsAfterAMinuteWhereNothingIsSaid) {
    const auto one = start_held({.ttl = 1h});
    time.advance(60s);
    ASSERT_TRUE(ends(one));
    EXPECT_EQ(code_of(one->failure), infra::errc::timed_out);
    EXPECT_EQ(origin.cancelled, 1);
}

TEST_P(CacheLoad, OfItsOwnKeyByItsLoaderEnds) {
    auto inner = [&]() -> awaitable<int> { co_return co_await ask({.ttl = 1h, .hard_timeout = 100ms}); };
    const auto outer = loop.start(subject.get_or_set("key", 1h, inner));
    loop.settle();
    time.advance(100ms);
    ASSERT_TRUE(ends(outer));
    EXPECT_EQ(code_of(outer->failure), infra::errc::timed_out);
    EXPECT_EQ(origin.started, 0);
}

// --- With an old value and a soft timeout nobody leads in line ---

TEST_P(CacheLoad, IsNeverInLineUnderASoftTimeoutThoughNoRefreshMayBegin) {
    const cache none(stored, {.max_refreshes = 0}, time);
    const load_options o{.ttl = 1s, .grace = 1h, .soft_timeout = 100ms};
    get(o);
    time.advance(2s);
    origin.held = true;
    EXPECT_EQ(loop.await(none.get_or_set("key", o, origin.loader())), 1);
    EXPECT_EQ(origin.started, 1);
}

TEST_P(CacheLoad, IsNeverInLineUnderASoftTimeoutThoughTheLeadFallsToIt) {
    const load_options in_line{.ttl = 1s, .grace = 1h}, hurried{.ttl = 1s, .grace = 1h, .soft_timeout = 100ms};
    get(in_line);
    time.advance(2s);
    origin.next = 2;
    const auto leader = start_held(in_line), heir = start(hurried);
    loop.settle();
    loop.cancel(leader);
    ASSERT_TRUE(loop.until([&] { return origin.started == 3; })) << "the heir's, behind it";
    time.advance(100ms);
    ASSERT_TRUE(ends(heir));
    EXPECT_EQ(heir->value, 1);
    EXPECT_EQ(origin.cancelled, 1);
    origin.let_go();
    loop.settle();
    loop.settle();
    EXPECT_EQ(there(), 2);
}

// --- Old values ---

TEST_P(CacheLoad, ThatFailsServesNoOldValueWhoseEndHasCome) {
    const load_options o{.ttl = 1s, .grace = 5s};
    get(o);
    time.advance(2s);
    const auto leader = start_held(o), waiter = start(o);
    loop.settle();
    time.advance(5s);
    origin.fails = true;
    origin.let_go();
    ASSERT_TRUE(ends(leader) && ends(waiter));
    EXPECT_EQ(describe(leader->failure), "the database is down");
    EXPECT_EQ(describe(waiter->failure), "the database is down");
}

TEST_P(CacheLoad, ThatFailsServesNoOldValueThatWasMadeVoid) {
    const load_options o{.ttl = 1s, .tags = "t", .grace = 1h};
    get(o);
    time.advance(2s);
    const auto leader = start_held(o), waiter = start(o);
    loop.settle();
    loop.await(subject.invalidate_tag("t"));
    origin.fails = true;
    origin.let_go();
    ASSERT_TRUE(ends(waiter));
    EXPECT_EQ(describe(waiter->failure), "the database is down");
}

TEST_P(CacheLoad, ThatFailsBehindAReaderIsLeftAloneForTheThrottle) {
    const load_options o{.ttl = 1s, .stale = 1h, .throttle = 30s};
    get(o);
    time.advance(2s);
    origin.fails = true;
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(get(o), 1);
        loop.settle();
        time.advance(1s);
    }
    EXPECT_EQ(origin.started, 2);
    time.advance(30s);
    EXPECT_EQ(get(o), 1);
    loop.settle();
    EXPECT_EQ(origin.started, 3);
}

// --- Absences ---

TEST_P(CacheLoad, ThatFindsNothingIsNoAnswerForWhoKnowsNoNothing) {
    auto nothing = [&]() -> awaitable<std::optional<int>> {
        co_await origin.loader()();
        co_return std::nullopt;
    };
    origin.held = true;
    const auto leader = loop.start(subject.get_or_set("key", 1s, nothing));
    loop.settle();
    const auto waiter = start({.ttl = 1s});
    loop.settle();
    origin.let_go();
    ASSERT_TRUE(ends(leader) && ends(waiter));
    ASSERT_TRUE(leader->value);
    EXPECT_EQ(*leader->value, std::nullopt);
    EXPECT_EQ(waiter->value, 1);
}

// --- Several processes ---

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
