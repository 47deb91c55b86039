// The near-cache where the server is a cluster, each master of which tells of its own keys.

#include "../metrics_listener.hpp"

#include "tests/nodes.hpp"

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>

namespace infra::cache::tests {
namespace {

using namespace std::chrono_literals;
using maybe = std::optional<std::string>;

class CacheNearInCluster : public ::testing::Test {
protected:
    void SetUp() override {
        if (!redis::server::installed())
            GTEST_SKIP() << redis::server::how_to_install;
    }

    void begin(bool with_replicas = false) {
        all.emplace(loop, with_replicas);
        use({.server = all->to()});
        there.emplace(make_redis_store({.server = all->to()}, {loop.get_executor()}), cache_options{.prefix = "p:"});
    }

    void use(redis_store_options o) {
        o.near_cache = {.max_bytes = 1 << 20, .prefix = "p:"};
        here.emplace(make_redis_store(std::move(o), {loop.get_executor()}), cache_options{.prefix = "p:"});
    }
    void ask_all(const redis::command& c) {
        for (std::size_t i = 0; i < all->size(); ++i)
            all->ask(i, c);
    }

    void set(const std::string& key, const std::string& value) {
        loop.until([&] {
            loop.run(there->set(key, value));
            return loop.get(there->get<std::string>(key)) == value;
        });
    }
    maybe get(const std::string& key) { return loop.get(here->get<std::string>(key)); }
    maybe at_hand(const std::string& key) { return here->try_get<std::string>(key); }
    void until_near(const std::string& key, const std::string& value) {
        loop.until([&] { return get(key) == value && at_hand(key) == value; });
    }

    redis::test_loop loop;
    std::optional<redis::nodes> all;
    std::optional<cache> here, there;
};

TEST_F(CacheNearInCluster, DropsWhatAnotherProcessWritesAtAnyMaster) {
    begin();
    for (int i = 0; i < 30; ++i) // of all masters
        set(std::to_string(i), "old");
    for (int i = 0; i < 30; ++i)
        until_near(std::to_string(i), "old");
    for (int i = 0; i < 30; ++i) {
        const auto key = std::to_string(i);
        set(key, "new");
        loop.until([&] { return at_hand(key) != "old"; });
        EXPECT_EQ(get(key), "new");
    }
    loop.wait(there->flush());
    loop.until([&] { return !at_hand("1") && !get("1"); });
}

TEST_F(CacheNearInCluster, DropsWhatIsWrittenAfterItsSlotHasMoved) {
    begin();
    const auto slot = static_cast<std::uint16_t>(all->ask(0, {"CLUSTER", "KEYSLOT", "p:{3}key"}).as_integer());
    ASSERT_LT(slot, 5461) << "another node's";
    set("{3}key", "old");
    until_near("{3}key", "old");
    all->move(slot, 0, 2);
    until_near("{3}key", "old");
    set("{3}key", "new");
    loop.until([&] { return at_hand("{3}key") != "old"; });
    EXPECT_EQ(get("{3}key"), "new");
}

// Which is at a master that nobody reads from yet.
TEST_F(CacheNearInCluster, HearsOfAFlushWhileTheVersionIsOnItsWay) {
    begin(true);
    const auto slot = static_cast<std::uint16_t>(all->ask(0, {"CLUSTER", "KEYSLOT", "p:@@version"}).as_integer());
    set("{3}key", "old");
    until_near("{3}key", "old");
    all->make_empty_master(5);
    const auto from = all->owner(slot);
    all->begin_to_move(slot, from, 5);
    until_near("{3}key", "old");
    loop.wait(there->flush());
    loop.until([&] { return !at_hand("{3}key") && !get("{3}key"); });
    all->move_keys(slot, from, 5);
    all->end_moving(slot, from, 5);
    set("{3}key", "new");
    loop.until([&] { return get("{3}key") == "new"; });
}

// As long as no namespace was flushed, its keys are those that others use.
TEST_F(CacheNearInCluster, LeavesKeysAsTheyAreThoughItBeginsTheirVersion) {
    begin();
    set("{3}key", "v");
    until_near("{3}key", "v");
    redis::client direct({loop.get_executor()}, all->to());
    EXPECT_EQ(loop.get(direct.execute<maybe>({"GET", "p:@@version"})), "0");
    EXPECT_EQ(loop.get(direct.execute<maybe>({"GET", "p:{3}key"})), "\"v\"");
}

// The version is begun for the near-cache's sake, and nothing that a reader has asked for.
TEST_F(CacheNearInCluster, ReadsWhereTheServerLetsNobodyBeginAVersion) {
    const metrics_listener heard;
    for (const auto policy : {outage_policy::raise, outage_policy::forgo}) {
        begin();
        set("{3}key", "v");
        ask_all({"CONFIG", "SET", "maxmemory", "1"});
        use({.server = all->to(), .outage = policy});
        const auto refused = heard.of("cache_store_refused_total");
        for (int i = 0; i < 10; ++i)
            EXPECT_EQ(get("{3}key"), "v");
        EXPECT_EQ(heard.of("cache_store_dropped_total{verb=read}"), 0);
        EXPECT_EQ(heard.of("cache_store_refused_total"), refused + 1) << "it is not asked with each read";
    }
}

TEST_F(CacheNearInCluster, NeedsNoOtherRightsThanTheReadmeNames) {
    begin();
    set("{3}key", "v");
    ask_all({"ACL", "SETUSER", "shop", "on", ">secret", "~p:*", "~@@versions", "~@@lease:*", "~@@fence:*",
             "resetchannels", "+@read", "+@write", "+@scripting", "+@connection", "+time", "+cluster|slots",
             "+cluster|info"});
    const metrics_listener heard;
    redis_store_options o{.server = all->to()};
    o.server.username = "shop";
    o.server.password = "secret";
    use(std::move(o));
    until_near("{3}key", "v");
    EXPECT_EQ(loop.get(here->get_or_set("loaded", {.ttl = 1h, .tags = "t"}, [] { return 7; })), 7);
    EXPECT_EQ(loop.get(here->increment("n")), 1);
    EXPECT_TRUE(loop.get(here->try_lock("l")).has_value());
    loop.wait(here->invalidate_tag("t"));
    EXPECT_EQ(loop.get(here->get<int>("loaded")), std::nullopt);
    loop.wait(here->flush());
    EXPECT_EQ(get("{3}key"), std::nullopt);
    EXPECT_EQ(heard.of("cache_store_refused_total"), 0);
    EXPECT_EQ(heard.of("cache_store_outages_total"), 0);
}

TEST_F(CacheNearInCluster, ServesNoCopyFromBeforeAMasterWasKilled) {
    begin(true);
    set("{3}key", "old");
    until_near("{3}key", "old");
    all->node(1).kill(); // another's: what comes after it could be anybody's
    loop.until([&] { return !at_hand("{3}key"); });
    until_near("{3}key", "old");
    EXPECT_NE(all->owner(8000), 1u) << "only once the successor is heard";
    set("{3}key", "new");
    loop.until([&] { return at_hand("{3}key") != "old"; });
}

} // namespace
} // namespace infra::cache::tests
