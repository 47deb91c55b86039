// Values past their time, and what get_or_set makes of them.

#include "get_or_set_fixture.hpp"

#include "../src/core.hpp"

#include <set>

namespace infra::cache::tests {
namespace {

class CacheOldValues : public GetOrSet {};

TEST_F(CacheOldValues, AStaleValueIsServedWhileOneRefreshRunsBehind) {
    const load_options o{.ttl = 1s, .stale = 10s};
    EXPECT_EQ(get(o), 1);
    time.advance(2s);
    EXPECT_EQ(loop.await(subject.get<int>("key")), std::nullopt) << "get knows no stale";
    origin.held = true;
    origin.next = 2;
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(get(o), 1);
    loop.settle();
    EXPECT_EQ(origin.started, 2);
    origin.let_go();
    loop.settle();
    EXPECT_EQ(get(o), 2);
    EXPECT_EQ(origin.started, 2);
}

TEST_F(CacheOldValues, PastStaleItIsLoadedInLine) {
    const load_options o{.ttl = 1s, .stale = 1s};
    get(o);
    time.advance(2s);
    origin.next = 2;
    EXPECT_EQ(get(o), 2);
}

TEST_F(CacheOldValues, AFailedRefreshLeavesTheStaleValueAndItsEnd) {
    const load_options o{.ttl = 1s, .stale = 1s};
    get(o);
    time.advance(1500ms);
    origin.fails = true;
    EXPECT_EQ(get(o), 1);
    loop.settle();
    time.advance(500ms);
    EXPECT_THROW(get(o), std::runtime_error);
}

TEST_F(CacheOldValues, InItsGraceTheOldValueStandsInForAFailingLoader) {
    const load_options o{.ttl = 1s, .grace = 1h, .throttle = 30s};
    get(o);
    time.advance(2s);
    origin.fails = true;
    EXPECT_EQ(get(o), 1);
    EXPECT_EQ(get(o), 1);
    EXPECT_EQ(origin.started, 2) << "left alone for the throttle";
    time.advance(30s);
    EXPECT_EQ(get(o), 1);
    EXPECT_EQ(origin.started, 3);
    origin.fails = false;
    origin.next = 2;
    time.advance(30s);
    EXPECT_EQ(get(o), 2);
    time.advance(1h + 1s);
    origin.fails = true;
    EXPECT_THROW(get(o), std::runtime_error) << "past its grace";
}

TEST_F(CacheOldValues, WaitersOnAFailingLoadServeTheirOldValuesToo) {
    const load_options o{.ttl = 1s, .grace = 1h};
    get(o);
    time.advance(2s);
    origin.held = origin.fails = true;
    const auto a = start(o), b = start(o);
    loop.settle();
    origin.let_go();
    loop.settle();
    EXPECT_EQ(a->value, 1);
    EXPECT_EQ(b->value, 1);
    EXPECT_EQ(origin.started, 2);
}

TEST_F(CacheOldValues, AfterTheSoftTimeoutTheOldValueIsServedAndTheLoaderGoesOn) {
    const load_options o{.ttl = 1s, .grace = 1h, .soft_timeout = 100ms};
    get(o);
    time.advance(2s);
    origin.held = true;
    origin.next = 2;
    const auto slow = start(o);
    loop.settle();
    EXPECT_FALSE(slow->ended);
    time.advance(100ms);
    ASSERT_TRUE(loop.until([&] { return slow->ended; }));
    EXPECT_EQ(slow->value, 1);
    EXPECT_EQ(origin.cancelled, 0);
    origin.let_go();
    loop.settle();
    EXPECT_EQ(get(o), 2);
    EXPECT_EQ(origin.started, 2);
}

TEST_F(CacheOldValues, AFastLoaderIsWaitedForUnderASoftTimeout) {
    const load_options o{.ttl = 1s, .grace = 1h, .soft_timeout = 100ms};
    get(o);
    time.advance(2s);
    origin.next = 2;
    EXPECT_EQ(get(o), 2);
}

TEST_F(CacheOldValues, WithoutAnOldValueTheSoftTimeoutMeansNothing) {
    origin.held = true;
    const auto first = start({.ttl = 1s, .grace = 1h, .soft_timeout = 100ms});
    loop.settle();
    time.advance(10s);
    loop.settle();
    EXPECT_FALSE(first->ended);
    origin.let_go();
    loop.settle();
    EXPECT_EQ(first->value, 1);
}

TEST_F(CacheOldValues, TheHardTimeoutEndsTheLoader) {
    origin.held = true;
    const auto first = start({.ttl = 1s, .hard_timeout = 200ms}), second = start({.ttl = 1s, .hard_timeout = 200ms});
    loop.settle();
    time.advance(200ms);
    ASSERT_TRUE(loop.until([&] { return first->ended && second->ended; }));
    EXPECT_EQ(code_of(first->failure), infra::errc::timed_out);
    EXPECT_EQ(code_of(second->failure), infra::errc::timed_out);
    EXPECT_EQ(origin.cancelled, 1);
}

TEST_F(CacheOldValues, AfterTheHardTimeoutTheOldValueStandsIn) {
    const load_options o{.ttl = 1s, .grace = 1h, .hard_timeout = 200ms};
    get(o);
    time.advance(2s);
    origin.held = true;
    const auto slow = start(o);
    loop.settle();
    time.advance(200ms);
    ASSERT_TRUE(loop.until([&] { return slow->ended; }));
    EXPECT_EQ(slow->value, 1);
}

TEST_F(CacheOldValues, AnEagerRefreshComesBeforeTheEnd) {
    const load_options o{.ttl = 1s, .eager = 0.8};
    get(o);
    time.advance(790ms);
    get(o);
    loop.settle();
    EXPECT_EQ(origin.started, 1);
    time.advance(10ms);
    origin.next = 2;
    EXPECT_EQ(get(o), 1);
    loop.settle();
    EXPECT_EQ(origin.started, 2);
    time.advance(700ms);
    EXPECT_EQ(get(o), 2);
}

TEST_F(CacheOldValues, CoversWhateverALoaderThrowsWithAnOldValue) {
    const load_options o{.ttl = 1s, .grace = 1h, .throttle = 1ms};
    loop.await(subject.get_or_set("a", o, [] { return 1; }));
    time.advance(2s);
    auto odd = []() -> int { throw 5; };
    EXPECT_EQ(loop.await(subject.get_or_set("a", o, odd)), 1);
}

TEST_F(CacheOldValues, DrawsAShareOfTheTtlByLot) {
    std::set<milliseconds> lives;
    for (int i = 0; i < 50; ++i) {
        const auto key = std::to_string(i);
        loop.await(subject.get_or_set(key, {.ttl = 10s, .jitter = 0.2}, [] { return 1; }));
        const auto left = loop.await(subject.ttl(key));
        ASSERT_TRUE(left);
        EXPECT_GE(*left, 8s);
        EXPECT_LE(*left, 10s);
        lives.insert(*left);
    }
    EXPECT_GT(lives.size(), 10U);
}

TEST_F(CacheOldValues, AClockThatIsSetBackKeepsNothingFreshForEver) {
    const load_options o{.ttl = 1h, .grace = 1h};
    get(o);
    time.set_wall(time.wall() - 24h);
    origin.next = 2;
    EXPECT_EQ(get(o), 2);
}

TEST_F(CacheOldValues, AClockThatIsSetForwardEndsWhatTheEnvelopeSays) {
    const load_options o{.ttl = 1h, .stale = 1h};
    get(o);
    loop.await(subject.set("bare", 1, 1h));
    time.set_wall(time.wall() + 24h);
    origin.next = 2;
    EXPECT_EQ(get(o), 2);
    EXPECT_EQ(loop.await(subject.get<int>("bare")), 1) << "what is bare has the store's own clock";
}

TEST_F(CacheOldValues, AFailureStandsNotOnAnAbsence) {
    const load_options o{.ttl = 1h, .grace = 1h, .none_ttl = 100ms};
    loop.await(subject.get_or_set("a", o, []() -> std::optional<int> { return std::nullopt; }));
    time.advance(200ms);
    auto down = []() -> std::optional<int> { throw std::runtime_error("the database is down"); };
    EXPECT_THROW(loop.await(subject.get_or_set("a", o, down)), std::runtime_error);
}

} // namespace
} // namespace infra::cache::tests
