// The spellings of docs/api.md for the cache.

#include "support.hpp"

#include <infra/cache.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

TEST(ApiCache, StoresWhatPeopleCache) {
    using namespace std::chrono_literals;
    auto cache = infra::cache::create_cache({.url = "memory:"});
    const std::string key = long_text("user:123");
    run([&]() -> awaitable<void> {
        co_await cache.set("user:123", {{"name", "John"}, {"role", "admin"}}, 60s);
        EXPECT_EQ((co_await cache.get("user:123")).value().at("role"), "admin");
        EXPECT_EQ((co_await cache.get<user>("user:123"))->name, "John");

        co_await cache.set(key, user{.name = "Ann"}, 5min);
        co_await cache.set<user>(key + "2", {.name = "Bob", .role = "admin"}, 1.5s);
        co_await cache.set("text", "literal", 60s);
        co_await cache.set("text2", long_text("temporary").c_str());
        co_await cache.set("number", 42, {});
        co_await cache.set("one pair", {{"a", "b"}}, 1h);
        co_await cache.set("tagged", std::vector<user>{{.name = "x"}}, {.ttl = 60s, .tags = {"users", "team:1"}});
        co_await cache.set("tagged2", 1, {.tags = "users"});

        EXPECT_EQ((co_await cache.get<user>(key))->name, "Ann");
        EXPECT_EQ(co_await cache.get<std::string>("text"), "literal");
        EXPECT_EQ(co_await cache.get<std::string>("text2"), long_text("temporary"));
        EXPECT_EQ(co_await cache.get<int>("number"), 42);
        EXPECT_EQ(infra::json::to_text(*co_await cache.get("one pair")), R"({"a":"b"})");
        EXPECT_EQ(cache.try_get<int>("number"), 42);
        EXPECT_EQ(co_await cache.get<int>("absent"), std::nullopt);
        if (auto hit = co_await cache.get<user>(key))
            EXPECT_FALSE(hit->age);

        auto later = cache.set(long_text("k"), long_text("started later"), 1s);
        co_await std::move(later);
        // Lazy operations own their arguments: the temporaries are gone when these run, and each reads its key.
        auto later_get = cache.get<std::string>(long_text("k"));
        EXPECT_EQ(co_await std::move(later_get), long_text("started later"));
        auto later_many = cache.get_many<std::string>({long_text("k"), long_text("absent")});
        EXPECT_EQ((co_await std::move(later_many)).at(0), long_text("started later"));
        auto later_del = cache.del(long_text("k"));
        EXPECT_TRUE(co_await std::move(later_del));
        auto of_temporary = infra::cache::create_cache().get<int>(long_text("k"));
        EXPECT_EQ(co_await std::move(of_temporary), std::nullopt);

        const auto found = co_await cache.get_many<int>({"number", "absent"});
        EXPECT_EQ(found, (std::vector<std::optional<int>>{42, std::nullopt}));
        EXPECT_EQ((co_await cache.get_many({{"number", "absent"}})).size(), 2U);

        co_await cache.invalidate_tag("users");
        EXPECT_FALSE(co_await cache.get("tagged"));
        EXPECT_TRUE(co_await cache.del("number"));
        EXPECT_FALSE(co_await cache.del(std::string("number")));
    });
}

TEST(ApiCache, LoadsWhatIsMissing) {
    using namespace std::chrono_literals;
    auto cache = infra::cache::create_cache({.url = "memory:"});
    int loads = 0;
    const auto who = long_text("who");
    run([&]() -> awaitable<void> {
        auto load = [&, who]() -> awaitable<user> {
            ++loads;
            co_return user{.name = who};
        };
        EXPECT_EQ((co_await cache.get_or_set("u", 5min, load)).name, who);
        EXPECT_EQ((co_await cache.get_or_set("u", 5min, load)).name, who);
        EXPECT_EQ(co_await cache.get_or_set("plain", 1s, [] { return 7; }), 7);
        const auto none =
            co_await cache.get_or_set("none", 1s, []() -> awaitable<std::optional<user>> { co_return std::nullopt; });
        EXPECT_FALSE(none);
        EXPECT_FALSE(co_await cache.get("none"));
        auto later = cache.get_or_set(long_text("k"), 1s, [who]() -> awaitable<std::string> { co_return who; });
        EXPECT_EQ(co_await std::move(later), who);
    });
    EXPECT_EQ(loads, 1);
}

TEST(ApiCache, SaysWhatMayBeDoneAboutASlowLoader) {
    using namespace std::chrono_literals;
    const auto cache = infra::cache::create_cache({.url = "memory:", .prefix = "shop:", .default_ttl = 10min});
    run([&]() -> awaitable<void> {
        const auto answer = co_await cache.get_or_set(
            long_text("key"),
            {.ttl = 5min, .tags = {"users"}, .stale = 1min, .grace = 24h, .soft_timeout = 100ms, .jitter = 0.1},
            [who = long_text("who")] { return who; });
        EXPECT_EQ(answer, long_text("who"));
        EXPECT_EQ(co_await cache.get_or_set("plain", {.ttl = 1s}, []() -> awaitable<int> { co_return 7; }), 7);
        EXPECT_EQ(co_await cache.ns("users").increment(long_text("visits"), 2), 2);
        co_await cache.set_many(std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 2}}, {.ttl = 1s});
        EXPECT_EQ(co_await cache.del_many({"a", "b", "c"}), 2U);
        if (const auto mine = co_await cache.try_lock(long_text("job"), {.ttl = 10s}))
            EXPECT_TRUE(co_await mine->release());
        co_await cache.flush();
        EXPECT_FALSE(co_await cache.exists("plain"));
    });
}

} // namespace
} // namespace api
