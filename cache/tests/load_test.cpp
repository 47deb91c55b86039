#include "../src/load.hpp"

#include "load_fixture.hpp"

namespace infra::cache::tests {
namespace {

/// A write by somebody else: its name, and what lies under "key" after it.
struct other_write {
    std::string name;
    std::function<void(test_loop&, const cache&)> write;
    std::optional<int> then;
};

class CacheLoad : public Loading {};

INSTANTIATE_TEST_SUITE_P(Store, CacheLoad, testing::Values(distance::near, distance::far), distance_name);

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

// --- With an old value and a soft timeout nobody leads in line ---

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

} // namespace
} // namespace infra::cache::tests
