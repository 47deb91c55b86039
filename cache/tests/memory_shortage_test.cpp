// What the memory store is after an allocation that failed.

#include "../src/flights.hpp"
#include "../src/memory_locks.hpp"
#include "../src/memory_shard.hpp"
#include "../src/memory_versions.hpp"

#include "memory_shortage.hpp"
#include "support.hpp"

#include <new>

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

namespace infra::cache::tests {
namespace {

/// Lets the first allocation of `once` fail, then the second, and so on, until none does. How many failed.
template <class Once, class Check>
int for_each_failure(Once once, Check check) {
    for (int failed = 0;; ++failed) {
        try {
            const testing::shortage begun(failed, 1);
            once();
            return failed;
        } catch (const std::bad_alloc&) {
            check();
        }
    }
}

hashed_key key_of(const std::string& name) { return {name, std::hash<std::string>()(name)}; }

std::optional<std::string> value_in(memory_shard& in, const std::string& name) {
    std::string value;
    string_reader copy(value);
    return in.read(key_of(name), copy) ? std::optional(value) : std::nullopt;
}

// Each write makes room for itself, so that the policy, its ghosts and the table are asked as well.
TEST(CacheWithoutMemory, AValueIsTheOldOneTheNewOneOrNone) {
    manual_clock time;
    memory_shard subject(16'384, time);
    int failures = 0;
    for (int i = 0; i < 300; ++i) {
        const auto name = "key:" + std::to_string(i % 100), value = std::string(static_cast<std::size_t>(i), 'v');
        const auto old = value_in(subject, name);
        failures += for_each_failure([&] { subject.set(key_of(name), value, 1h, false); },
                                     [&] {
                                         const auto now = value_in(subject, name);
                                         ASSERT_TRUE(!now || now == old) << i;
                                     });
        ASSERT_EQ(value_in(subject, name), value);
        store_stats now;
        subject.add_to(now);
        ASSERT_LE(now.bytes, 16'384U);
    }
    EXPECT_GT(failures, 300);
    for (int i = 0; i < 100; ++i)
        subject.erase(key_of("key:" + std::to_string(i)));
    store_stats left;
    subject.add_to(left);
    EXPECT_EQ(left.entries, 0U) << "what was half there could not be erased";
}

TEST(CacheWithoutMemory, AValueIsForgotten) {
    manual_clock time;
    memory_shard subject(16'384, time);
    subject.set(key_of("a"), "\xC1" + std::string(1000, 'v'), forever, false);
    {
        const testing::shortage begun(0, 1);
        subject.forget(key_of("a"));
    }
    EXPECT_EQ(value_in(subject, "a"), std::nullopt);
}

TEST(CacheWithoutMemory, AFlightIsOverAndThoseWhoWaitHearItAtTheirEnd) {
    test_loop loop;
    const auto flying = std::make_shared<flights>();
    std::optional<flights::seat> leader(flying->join("key", loop.get_executor()));
    auto sit = [](flights::seat mine) -> awaitable<std::shared_ptr<const flight_result>> {
        co_return co_await mine.wait();
    };
    const auto waiting = loop.start(sit(flying->join("key", loop.get_executor())));
    loop.settle();
    const int failures = for_each_failure([&] { leader->finish({}); }, [] {});
    EXPECT_GT(failures, 0);
    EXPECT_EQ(flying->size(), 0u);
    loop.cancel(waiting);
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_TRUE(waiting->value) << "it was there";
}

TEST(CacheWithoutMemory, ALeaseIsGivenOrNot) {
    manual_clock time;
    memory_shard subject(16'384, time);
    EXPECT_GT(
        for_each_failure([&] { subject.lease(key_of("a"), "a token that is long enough to be allocated"); }, [] {}), 0);
    EXPECT_TRUE(subject.end_lease(key_of("a"), "a token that is long enough to be allocated"));
    store_stats left;
    subject.add_to(left);
    EXPECT_EQ(left.bytes, 0U);
}

TEST(CacheWithoutMemory, AVersionGrowsOrStays) {
    memory_versions subject(1, 4096);
    for (int i = 0; i < 100; ++i) {
        const auto name = "a name that is long enough to be allocated " + std::to_string(i);
        const auto before = subject.version(name);
        EXPECT_GT(for_each_failure([&] { subject.bump(name); }, [&] { ASSERT_EQ(subject.version(name), before); }), 0);
        ASSERT_GT(subject.version(name), before);
        ASSERT_LE(subject.bytes(), 4096U);
    }
}

TEST(CacheWithoutMemory, ALockIsHeldUntilItsEndOrByNobody) {
    manual_clock time;
    memory_locks subject(100, 16'384, time);
    const lock_request mine{"a key that is long enough to be allocated", "my token, which is long as well", 1s};
    auto yours = mine;
    yours.token = "your token, which is long as well";
    EXPECT_GT(for_each_failure([&] { subject.acquire(mine); },
                               [&] {
                                   ASSERT_TRUE(subject.acquire(yours)) << "who was told that it failed holds nothing";
                                   ASSERT_TRUE(subject.release(yours));
                               }),
              0);
    EXPECT_FALSE(subject.acquire(yours));
    time.advance(1s);
    EXPECT_TRUE(subject.acquire(yours));
    time.advance(1s);
    EXPECT_FALSE(subject.release(yours));
    EXPECT_EQ(subject.bytes(), 0U);
}

} // namespace
} // namespace infra::cache::tests

#endif
