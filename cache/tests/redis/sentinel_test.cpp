// The cache on a master that sentinels know, before and after another takes its place.

#include "support.hpp"

#include "tests/trio.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

namespace infra::cache::tests {
namespace {

class CacheBehindSentinels : public ::testing::Test {
protected:
    void SetUp() override {
        if (!redis::server::installed())
            GTEST_SKIP() << redis::server::how_to_install;
        three.emplace(own);
        loops.start();
        subject.emplace(make_redis_store(redis_store_options_from(url(), {.prefix = "p:"}), {on()}),
                        cache_options{.prefix = "p:"});
    }
    ~CacheBehindSentinels() override {
        if (subject)
            wait(subject->stop(deadline::after(1s)), on());
        subject.reset();
        loops.stop();
    }

    std::string url() const {
        const auto to = three->to();
        std::string hosts;
        for (const auto& each : to.sentinel->sentinels)
            hosts.append(hosts.empty() ? "" : ",").append(each.host).append(":").append(std::to_string(each.port));
        return "redis+sentinel://" + hosts + "/" + redis::trio::name;
    }
    executor on() { return loops.next().get_executor(); }

    maybe get(const std::string& key) { return wait(subject->get<std::string>(key), on()); }
    bool set(const std::string& key, const std::string& value) { return wait(subject->set(key, value), on()); }
    bool becomes_near(const std::string& key) {
        return eventually([&] { return get(key) && subject->try_get<std::string>(key); });
    }

    /// Asks again and again, as callers do; false after absurdly long.
    static bool eventually(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + 30s;
        while (!done())
            if (std::chrono::steady_clock::now() > give_up)
                return false;
        return true;
    }

    redis::test_loop own;
    event_loops loops{1};
    std::optional<redis::trio> three;
    std::optional<cache> subject;
};

TEST_F(CacheBehindSentinels, KeepsLoadsLocksAndMakesVoid) {
    EXPECT_TRUE(set("k", "1"));
    EXPECT_TRUE(becomes_near("k")) << "the master tells of changes";
    EXPECT_EQ(wait(subject->get_or_set("l", {.ttl = 1min, .tags = "t"}, [] { return 7; }), on()), 7);
    EXPECT_EQ(wait(subject->get<int>("l"), on()), 7);
    wait(subject->invalidate_tag("t"), on());
    EXPECT_EQ(wait(subject->get<int>("l"), on()), std::nullopt);
    EXPECT_EQ(wait(subject->increment("n", 3), on()), 3);
    EXPECT_TRUE(wait(subject->try_lock("job"), on()));
    wait(subject->flush(), on());
    EXPECT_EQ(get("k"), std::nullopt);
}

TEST_F(CacheBehindSentinels, GoesOnWithTheNextMaster) {
    ASSERT_TRUE(set("k", "old"));
    ASSERT_TRUE(becomes_near("k"));
    three->master().kill();
    set("k", "next"); // dropped, or done by the next master
    EXPECT_EQ(wait(subject->get_or_set("l", 1min, [] { return 1; }), on()), 1) << "a loader needs no master";
    three->until_switched();
    ASSERT_TRUE(eventually([&] { return set("warm", "1") && get("warm") == "1"; }));
    EXPECT_NE(get("k"), "old") << "it was to be replaced";
    ASSERT_TRUE(set("k", "new"));
    EXPECT_EQ(get("k"), "new");
    EXPECT_TRUE(becomes_near("k")) << "the next master tells of changes too";
}

} // namespace
} // namespace infra::cache::tests
