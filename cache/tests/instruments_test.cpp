#include "../src/core.hpp"

#include "metrics_listener.hpp"
#include "source.hpp"

#include <thread>

namespace infra::cache::tests {
namespace {

class CacheInstruments : public ::testing::Test {
protected:
    int ask(const cache& of, const char* key, load_options options) {
        const int got = loop.await(of.get_or_set(key, std::move(options), origin.loader()));
        loop.settle();
        return got;
    }

    const metrics_listener heard;
    test_loop loop;
    manual_clock time;
    std::shared_ptr<store> stored = make_memory_store({.max_bytes = 64 << 10, .shards = 1}, time);
    cache subject{stored, {.prefix = "shop:", .max_refreshes = 1}, time};
    source origin;
};

TEST_F(CacheInstruments, CountWhatIsAskedForByNamespaceAndNoKeys) {
    loop.await(subject.set("secret", 1));
    loop.await(subject.get<int>("secret"));
    static_cast<void>(subject.try_get<int>("secret"));
    loop.await(subject.get<int>("absent"));
    loop.await(subject.get_many<int>({"secret", "absent"}));
    loop.await(subject.ns("users").get<int>("absent"));
    loop.await(cache(stored, {}, time).get<int>("absent"));
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop}{result=hit}"), 3);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop}{result=miss}"), 2);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop:users}{result=miss}"), 1);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=(none)}{result=miss}"), 1);
}

TEST_F(CacheInstruments, CountLoadsAndWhatStoodInForThem) {
    const load_options o{.ttl = 1s, .stale = 1s, .grace = 1h, .throttle = 1s};
    ask(subject, "a", o);
    time.advance(1500ms);
    ask(subject, "a", o);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop}{result=stale}"), 1);
    EXPECT_EQ(heard.of("cache_loads_total{namespace=shop}{outcome=ok}"), 2) << "the refresh behind it too";
    time.advance(1h);
    origin.fails = true;
    ask(subject, "a", o);
    EXPECT_EQ(heard.of("cache_loads_total{namespace=shop}{outcome=failed}"), 1);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop}{result=stale}"), 2);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop}{result=miss}"), 2) << "each load in line is one";
}

TEST_F(CacheInstruments, AFailureBehindAReaderIsCountedOnce) {
    const load_options o{.ttl = 1s, .stale = 1h};
    ask(subject, "a", o);
    time.advance(2s);
    origin.fails = true;
    ask(subject, "a", o);
    EXPECT_EQ(heard.of("cache_requests_total{namespace=shop}{result=stale}"), 1);
    EXPECT_EQ(heard.of("cache_loads_total{namespace=shop}{outcome=failed}"), 1);
}

TEST_F(CacheInstruments, CountRefreshesThatWereNotBegun) {
    const load_options o{.ttl = 1s, .stale = 1h};
    ask(subject, "a", o), ask(subject, "b", o);
    time.advance(2s);
    origin.held = true;
    ask(subject, "a", o), ask(subject, "b", o);
    EXPECT_EQ(heard.of("cache_refreshes_dropped_total{namespace=shop}"), 1);
    origin.let_go();
    loop.settle();
}

TEST_F(CacheInstruments, CountValuesThatCannotBeRead) {
    std::vector<new_entry> one{{.key = "shop:a", .value = "\xC1\x7F whatever"}};
    loop.await(stored->set(std::move(one)));
    loop.await(subject.get<int>("a"));
    EXPECT_EQ(heard.of("cache_unreadable_values_total{namespace=shop}"), 1);
}

TEST_F(CacheInstruments, ComeFromRunOnceASecond) {
    const auto running = loop.start(subject.run());
    for (int i = 0; i < 2000; ++i)
        loop.await(subject.set(std::to_string(i), i, 1s));
    loop.settle();
    time.advance(1s);
    loop.settle();
    const auto stats = stored->stats();
    ASSERT_GT(stats.evictions, 0U);
    EXPECT_EQ(heard.of("cache_evictions_total{namespace=shop}"), static_cast<double>(stats.evictions));
    EXPECT_EQ(heard.of("cache_stored_bytes{namespace=shop}"), static_cast<double>(stats.bytes));
    EXPECT_EQ(heard.of("cache_stored_entries{namespace=shop}"), static_cast<double>(stats.entries));
    time.advance(3s);
    loop.settle();
    EXPECT_EQ(stored->stats().entries, 0U) << "run() sweeps";
    EXPECT_EQ(heard.of("cache_stored_entries{namespace=shop}"), 0);
    loop.await(subject.stop(deadline::after(1s, time.steady())));
    ASSERT_TRUE(loop.until([&] { return running->ended; }));
}

TEST_F(CacheInstruments, RunGoesOnSoonWhereOneSweepWasNotEnough) {
    const auto big = make_memory_store({.max_bytes = 16 << 20}, time);
    const cache many(big, {}, time);
    for (int i = 0; i < 25'000; ++i)
        loop.await(many.set(std::to_string(i), i, 1s));
    time.advance(5s);
    const auto running = loop.start(many.run());
    loop.settle();
    EXPECT_EQ(big->stats().entries, 15'000U);
    time.advance(10ms), loop.settle();
    time.advance(10ms), loop.settle();
    EXPECT_EQ(big->stats().entries, 0U);
    loop.await(many.stop(deadline::after(1s, time.steady())));
    ASSERT_TRUE(loop.until([&] { return running->ended; }));
}

TEST_F(CacheInstruments, TellOfEachEvictionOnceHoweverManyTell) {
    detail::engine of(stored, {}, time);
    EXPECT_EQ(of.untold_evictions(5), 5U);
    EXPECT_EQ(of.untold_evictions(3), 0U) << "one who counted before";
    EXPECT_EQ(of.untold_evictions(9), 4U);
    std::atomic<std::uint64_t> told{9};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (std::uint64_t i = 10; i <= 10'000; ++i)
                told += of.untold_evictions(i);
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(told, 10'000U);
}

TEST_F(CacheInstruments, ShareALabelPastAHundredNames) {
    for (int i = 0; i < 200; ++i)
        loop.await(subject.ns("n" + std::to_string(i)).get<int>("absent"));
    EXPECT_GE(heard.of("cache_requests_total{namespace=(other)}{result=miss}"), 100);
}

} // namespace
} // namespace infra::cache::tests
