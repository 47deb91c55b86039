#include "store_conformance.hpp"

#include "../src/memory_shard.hpp"

#include <infra/base/id.hpp>

#include <malloc.h>

#include <map>

namespace infra::cache::tests {
namespace {

store_subject make_memory_subject() {
    const auto time = std::make_shared<manual_clock>();
    return {.surroundings = time,
            .stored = make_memory_store({.max_bytes = 1 << 20}, *time),
            .pass = [time](milliseconds d) { time->advance(d); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, CacheStore, testing::Values(store_case{"Memory", make_memory_subject}),
                         store_case_name);

class CacheMemoryStore : public ::testing::Test {
protected:
    void set(store& in, std::string key, std::string value, milliseconds ttl = forever) {
        std::vector<new_entry> one{{std::move(key), std::move(value), ttl}};
        loop.await(in.set(std::move(one)));
    }
    static bool has(store& in, const std::string& key) {
        std::string value;
        return in.try_get(key, value) == lookup::hit;
    }

    test_loop loop;
    manual_clock time;
};

TEST_F(CacheMemoryStore, StaysWithinItsBudget) {
    const auto stored = make_memory_store({.max_bytes = 256 << 10, .shards = 4}, time);
    for (int i = 0; i < 20'000; ++i) {
        set(*stored, "key:" + std::to_string(i), std::string(random_u64() % 500, 'v'));
        if (i % 1000 == 0)
            EXPECT_LE(stored->stats().bytes, 256U << 10);
    }
    EXPECT_GT(stored->stats().bytes, 230U << 10) << "most of the budget is used";
    EXPECT_GT(stored->stats().evictions, 10'000U);
}

// What it says it costs is what the heap says, or a little more. The sanitizers have a heap of their own.
TEST_F(CacheMemoryStore, CostsWhatItSays) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||               \
    __has_feature(thread_sanitizer)
    GTEST_SKIP() << "a sanitizer's heap is not the one that is measured";
#else
    for (const std::size_t size : {0U, 10U, 100U, 1000U, 20'000U}) {
        const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        const auto stored = make_memory_store({.max_bytes = std::size_t{8} << 20, .shards = 1}, time);
        const auto count = std::min<std::size_t>(200'000, (std::size_t{16} << 20) / (size + 100));
        for (std::size_t i = 0; i < count; ++i)
            set(*stored, "some:usual:key:" + std::to_string(i), std::string(size, 'v'));
        const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
        const auto said = static_cast<double>(stored->stats().bytes);
        const auto real = static_cast<double>(after - before);
        RecordProperty("real_per_said_" + std::to_string(size), std::to_string(real / said));
        EXPECT_LT(real, said * 1.1) << size;
        EXPECT_GT(real, said * 0.7) << size;
    }
#endif
}

TEST_F(CacheMemoryStore, RefusesAValueThatHasNoRoom) {
    const auto stored = make_memory_store({.max_bytes = 64 << 10, .shards = 1}, time);
    set(*stored, "small", "kept");
    std::vector<new_entry> huge{{.key = "huge", .value = std::string(40'000, 'x')}};
    EXPECT_EQ(loop.code_of(stored->set(std::move(huge))), errc::too_large);
    EXPECT_TRUE(has(*stored, "small"));
}

TEST_F(CacheMemoryStore, TakesNoValueWhoseSizeItCouldNotSay) {
    EXPECT_EQ(memory_shard(1 << 20, time).most_for_one(), std::size_t{1} << 19);
    EXPECT_LT(memory_shard(std::size_t{64} << 30, time).most_for_one(), std::size_t{1} << 32);
}

TEST_F(CacheMemoryStore, CountsVersionsLocksAndLeasesInWhatItCosts) {
    const auto stored = make_memory_store({.max_bytes = 64 << 10, .shards = 1}, time);
    auto grows = [&, before = std::size_t{0}](const char* what) mutable {
        EXPECT_GT(stored->stats().bytes, before) << what;
        before = stored->stats().bytes;
    };
    loop.await(stored->bump({"tag"})), grows("a version");
    loop.await(stored->acquire({"lock", "me", 10s})), grows("a lock");
    loop.await(stored->lease({"key", "me", 10s})), grows("a lease");
    EXPECT_TRUE(loop.await(stored->release({"lock", "me", 10s})));
    EXPECT_TRUE(loop.await(stored->end_lease({"key", "me", 10s})));
    for (int i = 0; i < 5000; ++i)
        loop.await(stored->bump({"tag:" + std::to_string(i)}));
    EXPECT_LE(stored->stats().bytes, 16'384U);
}

TEST_F(CacheMemoryStore, LeasesAreBounded) {
    const auto stored = make_memory_store({.max_bytes = 64 << 10, .shards = 1}, time);
    for (int i = 0; i < 5000; ++i)
        EXPECT_TRUE(loop.await(stored->lease({"key:" + std::to_string(i), "me", 10s})).granted);
    EXPECT_LE(stored->stats().bytes, 65'536U);
    EXPECT_FALSE(loop.await(stored->end_lease({"key:4999", "me", 10s}))) << "what it would load is not stored";
    EXPECT_TRUE(loop.await(stored->end_lease({"key:0", "me", 10s})));
}

TEST_F(CacheMemoryStore, SweepsSoManyAtOnceAndNoMore) {
    const auto stored = make_memory_store({.max_bytes = 16 << 20}, time);
    for (int i = 0; i < 30'000; ++i)
        set(*stored, "key:" + std::to_string(i), "v", 1s);
    time.advance(3s);
    std::size_t swept = 0;
    for (int calls = 0; calls < 4; ++calls) {
        const auto now = stored->sweep();
        EXPECT_LE(now, 10'000U);
        swept += now;
    }
    EXPECT_EQ(swept, 30'000U);
}

TEST_F(CacheMemoryStore, GrowingAValueKeepsTheBudget) {
    const auto stored = make_memory_store({.max_bytes = 64 << 10, .shards = 1}, time);
    for (int i = 0; i < 400; ++i)
        set(*stored, "key:" + std::to_string(i), "v");
    for (int round = 1; round < 20; ++round)
        for (int i = 0; i < 400; ++i) {
            set(*stored, "key:" + std::to_string(i), std::string(static_cast<std::size_t>(round) * 50, 'v'));
            ASSERT_LE(stored->stats().bytes, 64U << 10);
        }
}

TEST_F(CacheMemoryStore, SweepsWhatIsOverThoughNobodyLooks) {
    const auto stored = make_memory_store({.max_bytes = 1 << 20}, time);
    for (int i = 0; i < 1000; ++i)
        set(*stored, "key:" + std::to_string(i), "v", milliseconds(1000 + i));
    set(*stored, "long", "v", 24h);
    set(*stored, "ever", "v");
    EXPECT_EQ(stored->sweep(), 0U);
    time.advance(3s);
    EXPECT_EQ(stored->sweep(), 1000U);
    EXPECT_EQ(stored->stats().entries, 2U);
    EXPECT_EQ(stored->stats().expirations, 1000U);
    time.advance(24h);
    stored->sweep();
    EXPECT_EQ(stored->stats().entries, 1U);
}

TEST_F(CacheMemoryStore, WritesSweepAFewEach) {
    const auto stored = make_memory_store({.max_bytes = 1 << 20, .shards = 1}, time);
    for (int i = 0; i < 100; ++i)
        set(*stored, "old:" + std::to_string(i), "v", 1s);
    time.advance(5s);
    for (int i = 0; i < 50; ++i)
        set(*stored, "new:" + std::to_string(i), "v");
    EXPECT_EQ(stored->stats().entries, 50U);
}

TEST_F(CacheMemoryStore, AWheelThatIsShortOfTimeGoesOn) {
    memory_shard shard(1 << 20, time);
    const auto set_until = [&](int i, milliseconds ttl) {
        shard.set({"key:" + std::to_string(i), static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15}, "v", ttl, false);
    };
    for (int i = 0; i < 500; ++i)
        set_until(i, i % 2 ? 1000ms : 257'000ms); // one slot of the wheel, half of it for its next turn
    time.advance(2500ms);
    std::size_t swept = 0;
    for (int calls = 0; calls < 60; ++calls)
        swept += shard.sweep(10);
    EXPECT_EQ(swept, 250U);
    time.advance(256s);
    EXPECT_EQ(shard.sweep(10'000), 250U);
}

TEST_F(CacheMemoryStore, AgreesWithAMapUntilItIsFull) {
    const auto stored = make_memory_store({.max_bytes = 16 << 20}, time);
    std::map<std::string, std::pair<std::string, steady_time>> model;
    for (int i = 0; i < 20'000; ++i) {
        const auto key = "k" + std::to_string(random_u64() % 300);
        switch (random_u64() % 6) {
        case 0:
        case 1: {
            const milliseconds ttl(1 + random_u64() % 5000);
            auto value = std::to_string(random_u64());
            set(*stored, key, value, ttl);
            model[key] = {value, time.steady() + ttl};
            break;
        }
        case 2: loop.await(stored->erase({key})), model.erase(key); break;
        case 3: time.advance(milliseconds(random_u64() % 50)); break;
        case 4: stored->sweep(); break;
        default: {
            const auto found = model.find(key);
            const bool there = found != model.end() && found->second.second > time.steady();
            std::string value;
            ASSERT_EQ(stored->try_get(key, value) == lookup::hit, there) << i;
            if (there)
                ASSERT_EQ(value, found->second.first);
        }
        }
    }
}

TEST_F(CacheMemoryStore, OptionsAreRefusedByName) {
    EXPECT_THROW(make_memory_store({.max_bytes = 1}), std::invalid_argument);
    EXPECT_THROW(make_memory_store({.shards = 3}), std::invalid_argument);
    EXPECT_THROW(make_memory_store({.max_bytes = 65'536, .shards = 64}), std::invalid_argument);
}

TEST_F(CacheMemoryStore, SaysItsSize) { EXPECT_EQ(make_memory_store()->description(), "memory: 64 MiB"); }

} // namespace
} // namespace infra::cache::tests
