// What becomes of the cache while its server is away, and when it is back.

#include "outage_fixture.hpp"

#include <infra/testing/stopwatch.hpp>

#include <algorithm>
#include <atomic>

namespace infra::cache::tests {
namespace {

/// What is logged.
class warnings {
public:
    warnings() {
        all().clear();
        telemetry::install(&table);
    }
    ~warnings() { telemetry::install(static_cast<const telemetry::log_functions*>(nullptr)); }
    static std::ptrdiff_t with(std::string_view words) {
        return std::ranges::count_if(all(), [&](const auto& each) { return each.find(words) != std::string::npos; });
    }

private:
    static std::vector<std::string>& all() {
        static std::vector<std::string> lines;
        return lines;
    }
    static bool enabled(level, std::string_view) noexcept { return true; }
    static void write(const log_record& r) noexcept { all().emplace_back(r.message); }
    static constexpr telemetry::log_functions table{&enabled, &write};
};

class CacheRedisOutage : public OnRedisAtTimes {};

TEST_F(CacheRedisOutage, FindsNothingAndDropsWhatIsWritten) {
    cut();
    EXPECT_EQ(get("warm"), std::nullopt);
    EXPECT_FALSE(loop.await(subject->set("k", "v")));
    EXPECT_FALSE(loop.await(subject->del("warm")));
    EXPECT_FALSE(loop.await(subject->exists("warm")));
    EXPECT_EQ(loop.await(subject->ttl("warm")), std::nullopt);
    EXPECT_FALSE(loop.await(subject->expire("warm", 1s)));
    EXPECT_FALSE(loop.await(subject->set("k", "v", {.only_if_absent = true})));
    loop.await(subject->invalidate_tag("t"));
    loop.await(subject->flush());
    EXPECT_EQ(heard.of("cache_store_outages_total"), 1);
    EXPECT_EQ(heard.of("cache_store_away"), 1);
    EXPECT_GT(heard.of("cache_store_dropped_total{verb=read}"), 3);
    EXPECT_GE(heard.of("cache_store_dropped_total{verb=write}"), 3);
}

TEST_F(CacheRedisOutage, IsAlsoThatTheServerLoadsItsData) {
    loop.await(direct->execute<void>({"DEBUG", "POPULATE", 300, "key", 1000}));
    loop.await(direct->execute<void>({"CONFIG", "SET", "key-load-delay", 20000, "loading-process-events-interval-bytes",
                                      1024, "rdbcompression", "no"}));
    const redis::client loads({loop.get_executor()}, server->over_socket());
    const auto loaded = loop.start(loads.execute(redis::command{"DEBUG", "RELOAD"}, deadline::after(30s)));
    ASSERT_TRUE(loop.until([&] {
        return loop.await(direct->execute<std::string>({"INFO", "persistence"})).find("\nloading:1") !=
               std::string::npos;
    }));
    EXPECT_EQ(get("warm"), std::nullopt);
    EXPECT_TRUE(went_away());
    EXPECT_FALSE(loop.await(subject->set("k", "v")));
    loop.await(direct->execute<void>({"CONFIG", "SET", "key-load-delay", 0}));
    EXPECT_TRUE(came_back());
    EXPECT_EQ(get("k"), std::nullopt) << "it was dropped";
    ASSERT_TRUE(loop.until([&] { return loaded->ended; }));
}

TEST_F(CacheRedisOutage, ThrowsWhereNobodyCouldMakeItUp) {
    cut();
    EXPECT_EQ(loop.code_of(subject->increment("n")), errc::unavailable);
    EXPECT_EQ(loop.code_of(subject->try_lock("l")), errc::unavailable);
}

TEST_F(CacheRedisOutage, ThrowsEverywhereIfToldSo) {
    auto o = hasty();
    o.outage = outage_policy::raise;
    use(o);
    cut();
    EXPECT_EQ(loop.code_of(subject->get<std::string>("warm")), errc::unavailable);
    EXPECT_EQ(loop.code_of(subject->set("k", "v")), errc::unavailable);
    EXPECT_EQ(loop.code_of(subject->del("warm")), errc::unavailable);
    EXPECT_EQ(loop.code_of(subject->invalidate_tag("t")), errc::unavailable);
    int loads = 0;
    EXPECT_EQ(loop.code_of(subject->get_or_set("k", 1s, [&] { return ++loads; })), errc::unavailable);
}

TEST_F(CacheRedisOutage, LetsNobodyWaitOnceItIsKnown) {
    cut();
    ASSERT_TRUE(went_away());
    std::vector<std::shared_ptr<pending<maybe>>> all;
    for (int i = 0; i < 1000; ++i)
        all.push_back(loop.start(subject->get<std::string>("warm")));
    loop.settle(); // what is ready and no more: no timer and no socket has anything to say
    EXPECT_TRUE(std::ranges::all_of(all, [](const auto& each) { return each->ended && !each->failure; }));
}

TEST_F(CacheRedisOutage, ComesBackWithTheServer) {
    cut();
    ASSERT_TRUE(went_away());
    between->refusing = false;
    ASSERT_TRUE(came_back());
    EXPECT_TRUE(loop.await(subject->set("k", "v")));
    EXPECT_EQ(get("k"), "v");
    EXPECT_EQ(heard.of("cache_store_away"), 0);
}

TEST_F(CacheRedisOutage, ComesBackWithinTwoSecondsAsItIsMadeFromAUrl) {
    auto o = redis_store_options_from("redis://127.0.0.1:" + std::to_string(server->port()));
    use(o);
    server->kill();
    loop.until([&] { return !get("warm"); });
    server->start();
    const testing::stopwatch since(loop.get_executor());
    loop.until([&] { return loop.await(subject->set("warm", "1")); });
    EXPECT_LT(since.elapsed(), 2s);
}

TEST_F(CacheRedisOutage, TellsOfAServerThatEvictsVersions) {
    const warnings heard;
    loop.await(direct->execute<void>({"CONFIG", "SET", "maxmemory", "100mb"}));
    use(hasty());
    loop.await(direct->execute<void>({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"}));
    EXPECT_EQ(heard.with("evict"), 0) << "volatile-... and noeviction are well";
    use(hasty());
    ASSERT_TRUE(loop.until([&] { return heard.with("evict") > 0; }));
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(get("warm"), "1");
    EXPECT_EQ(heard.with("evict"), 1);
}

TEST_F(CacheRedisOutage, ErasesTheWholeDatabaseOrSaysThatItDidNot) {
    cut();
    EXPECT_EQ(loop.code_of(erase_whole_database_whoever_uses_it(subject->stored())), errc::unavailable);
    ASSERT_TRUE(went_away());
    const auto at_once = loop.start(erase_whole_database_whoever_uses_it(subject->stored()));
    loop.settle();
    EXPECT_EQ(code_of(at_once->failure), errc::unavailable) << "nobody waits for who is known to be away";
    between->refusing = false;
    ASSERT_TRUE(came_back());
    loop.await(erase_whole_database_whoever_uses_it(subject->stored()));
    EXPECT_EQ(raw("p:warm"), std::nullopt);
}

TEST_F(CacheRedisOutage, NoticesAServerThatIsSilent) {
    server->pause();
    ASSERT_TRUE(went_away());
    server->proceed();
    ASSERT_TRUE(came_back());
}

TEST_F(CacheRedisOutage, GoesOnReadingFromAServerThatTakesNoMore) {
    loop.await(subject->set("k", "old"));
    loop.await(direct->execute<void>({"CONFIG", "SET", "maxmemory", "1"}));
    EXPECT_EQ(get("k"), "old");
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(loop.await(subject->set("k", "new")));
    EXPECT_EQ(heard.of("cache_store_refused_total"), 10);
    EXPECT_EQ(heard.of("cache_store_outages_total"), 0);
    EXPECT_TRUE(came_back());
    loop.until([&] { return raw("p:k") == std::nullopt; }); // it is not what its writer believes it to be
}

TEST_F(CacheRedisOutage, GoesOnReadingFromAServerThatNeverTakesAny) {
    loop.await(subject->set("k", "old"));
    loop.await(direct->execute<void>({"REPLICAOF", "127.0.0.1", "1"}));
    loop.await(direct->execute<void>({"CONFIG", "SET", "replica-serve-stale-data", "yes"}));
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(loop.await(subject->set("k", "new")));
        EXPECT_EQ(get("k"), "old");
    }
    EXPECT_EQ(heard.of("cache_store_outages_total"), 0);
    loop.await(subject->invalidate_tag("t"));
    EXPECT_TRUE(came_back()) << "though what is owed cannot be paid";
}

TEST_F(CacheRedisOutage, FindsNothingWhereOtherThanAllWasAnswered) {
    between->on_reply = [](std::string) { return std::optional<std::string>("*0\r\n"); };
    EXPECT_EQ(get("warm"), std::nullopt);
    between->on_reply = nullptr;
    ASSERT_TRUE(came_back());
}

TEST_F(CacheRedisOutage, BelievesNoAnswerThatIsNone) {
    for (const std::string odd : {"*0\r\n", "*1\r\n:1\r\n", "*2\r\n$1\r\nx\r\n$1\r\ny\r\n"}) {
        between->on_reply = [odd](std::string) { return std::optional(odd); };
        EXPECT_FALSE(loop.await(subject->del("warm")));
        EXPECT_EQ(loop.await(subject->get_or_set("k", 1s, [] { return std::string("loaded"); })), "loaded");
        EXPECT_EQ(loop.code_of(subject->increment("n")), errc::unavailable);
        EXPECT_EQ(loop.code_of(subject->try_lock("l")), errc::unavailable);
        between->on_reply = nullptr;
        between->cut(); // one odd answer stood for several, and those after it would be others'
        ASSERT_TRUE(loop.until([&] { return loop.await(subject->set("warm", "1")) && came_back(); }));
    }
}

TEST_F(CacheRedisOutage, HoldsNoLockThatNobodyWasToldOf) {
    auto patient = hasty();
    patient.timeout = patient.breaker.patience = 30s;
    use(patient);
    loop.await(loop.await(subject->try_lock("warm"))->release()); // so that the server knows the scripts
    bool granted = false;
    between->on_reply = [&](std::string words) {
        granted = granted || words.find("$16") != std::string::npos; // a fence has as many digits as the time
        return std::optional(granted ? std::string() : std::move(words));
    };
    const auto mine = loop.start(subject->try_lock("l", {.ttl = 1h}));
    ASSERT_TRUE(loop.until([&] { return granted; }));
    EXPECT_TRUE(raw("p:@@lock:l"));
    loop.cancel(mine);
    ASSERT_TRUE(loop.until([&] { return mine->ended; }));
    EXPECT_EQ(code_of(mine->failure), asio::error::operation_aborted);
    ASSERT_TRUE(loop.until([&] { return raw("p:@@lock:l") == std::nullopt; }));
}

TEST_F(CacheRedisOutage, IsStoppedWhileItIsAway) {
    cut();
    ASSERT_TRUE(went_away());
    loop.await(subject->stop(deadline::after(100ms)));
    EXPECT_EQ(loop.code_of(subject->get<std::string>("warm")), infra::errc::closed);
}

TEST_F(CacheRedisOutage, HoldsNoStopUpWhileItIsAway) {
    cut();
    ASSERT_TRUE(went_away());
    loop.await(subject->del("warm")); // owed: worth a moment, not an hour
    loop.await(subject->stop(deadline::after(1h)));
    EXPECT_EQ(loop.code_of(subject->get<std::string>("warm")), infra::errc::closed);
}

TEST_F(CacheRedisOutage, IsDestroyedWhileItIsAway) {
    cut();
    ASSERT_TRUE(went_away());
    const auto waiting = loop.start(subject->del("warm"));
    loop.settle();
    subject.reset();
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
}

// Whoever asks may do so on a loop that ends after those of the store: what the store does for itself is not left there.
TEST_F(CacheRedisOutage, LeavesNothingOfItsOwnOnALoopOfItsCallers) {
    auto home = std::make_unique<test_loop>();
    auto o = hasty();
    o.server = server->over_socket();
    subject.emplace(make_redis_store(o, {home->get_executor()}), cache_options{.prefix = "p:"});
    const auto both_until = [&](auto done) {
        return loop.until([&] {
            home->io.restart();
            home->io.poll();
            return done();
        });
    };
    const auto first = loop.start(subject->set("warm", "1"));
    ASSERT_TRUE(both_until([&] { return first->ended; }));
    server->pause();
    const auto second = loop.start(subject->del("warm"));
    ASSERT_TRUE(both_until([&] { return second->ended; })); // it is away, and somebody asks whether it is back
    subject.reset();
    home.reset();
    loop.settle();
    server->proceed();
}

TEST_F(CacheRedisOutage, LoadsWithoutTheServer) {
    cut();
    ASSERT_TRUE(went_away());
    int loads = 0;
    const auto load = [&loads]() -> awaitable<int> {
        co_await real_clock().sleep_for(10ms);
        co_return ++loads;
    };
    std::vector<std::shared_ptr<pending<int>>> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(loop.start(subject->get_or_set("k", 1s, load)));
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->ended; }); }));
    EXPECT_TRUE(std::ranges::all_of(all, [](const auto& each) { return each->value == 1; }));
    EXPECT_EQ(loads, 1);
}

} // namespace
} // namespace infra::cache::tests
