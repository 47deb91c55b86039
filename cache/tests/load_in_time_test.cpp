// How long a load is waited for.

#include "load_fixture.hpp"

namespace infra::cache::tests {
namespace {

class CacheLoadInTime : public Loading {};

INSTANTIATE_TEST_SUITE_P(Store, CacheLoadInTime, testing::Values(distance::near, distance::far), distance_name);

TEST_P(CacheLoadInTime, AWaiterHasADeadlineOfItsOwn) {
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

TEST_P(CacheLoadInTime, AWaiterWhoseTimeIsOverServesItsOldValue) {
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

TEST_P(CacheLoadInTime, EndsAfterAMinuteWhereNothingIsSaid) {
    const auto one = start_held({.ttl = 1h});
    time.advance(60s);
    ASSERT_TRUE(ends(one));
    EXPECT_EQ(code_of(one->failure), infra::errc::timed_out);
    EXPECT_EQ(origin.cancelled, 1);
}

TEST_P(CacheLoadInTime, OfItsOwnKeyByItsLoaderEnds) {
    auto inner = [&]() -> awaitable<int> { co_return co_await ask({.ttl = 1h, .hard_timeout = 100ms}); };
    const auto outer = loop.start(subject.get_or_set("key", 1h, inner));
    loop.settle();
    time.advance(100ms);
    ASSERT_TRUE(ends(outer));
    EXPECT_EQ(code_of(outer->failure), infra::errc::timed_out);
    EXPECT_EQ(origin.started, 0);
}

TEST_P(CacheLoadInTime, IsNeverInLineUnderASoftTimeoutThoughNoRefreshMayBegin) {
    const cache none(stored, {.max_refreshes = 0}, time);
    const load_options o{.ttl = 1s, .grace = 1h, .soft_timeout = 100ms};
    get(o);
    time.advance(2s);
    origin.held = true;
    EXPECT_EQ(loop.await(none.get_or_set("key", o, origin.loader())), 1);
    EXPECT_EQ(origin.started, 1);
}

TEST_P(CacheLoadInTime, IsNeverInLineUnderASoftTimeoutThoughTheLeadFallsToIt) {
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

} // namespace
} // namespace infra::cache::tests
