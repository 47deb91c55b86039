// What the panel of the cache answers and does, on every store.

#include "src/cache/cache_panel.hpp"
#include "src/cache/look.hpp"
#include "src/cache/watch.hpp"
#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/cache/redis.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <set>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

testing::redis_server& redis_of_all_tests() {
    static testing::redis_server server;
    return server;
}

class CachePanel : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (GetParam() == "redis" && !testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        const auto url = GetParam() == "redis" ? redis_of_all_tests().url() : "memory:";
        values.emplace(cache::create_cache({.url = url, .prefix = "shop" + folder.path().substr(5) + ":"}));
        add_cache_panel(on.board(), {.values = [this] { return *values; },
                                     .metrics = [] { return std::vector<monitoring::metric_family>(); }});
    }
    void TearDown() override {
        if (values)
            on.loop.wait(values->stop(deadline::after(5s)));
    }

    template <class T>
    void set(const std::string& key, const T& value, cache::set_options options = {}) {
        on.loop.get(values->set<T>(key, value, std::move(options)));
    }
    bool has(const std::string& key) { return on.loop.get(values->exists(key)); }
    static std::string path_of(std::string_view key) { return "/cache/keys/" + encoding::percent_encode(key); }
    std::set<std::string> keys_below(const std::string& prefix) {
        std::set<std::string> found;
        std::string cursor;
        do {
            const auto page = on.get("/cache/keys?limit=20&prefix=" + encoding::form_encode(prefix) +
                                     "&cursor=" + encoding::form_encode(cursor));
            for (const auto& each : page.at("items").as_array())
                found.insert(std::string(each.at("key").as_string()));
            cursor = page.at("next").is_null() ? "" : std::string(page.at("next").as_string());
        } while (!cursor.empty());
        return found;
    }

    testing::temporary_folder folder{"cache"}; // for a name of its own
    mounted on;
    std::optional<cache::cache> values;
};

TEST_P(CachePanel, ShowsAValueWithoutItsSecrets) {
    set<json::value>("user:1", {{"name", "Ann <b>"}, {"password", "hunter2"}}, {.ttl = 1h});
    const auto one = on.get(path_of("user:1"));
    EXPECT_EQ(one.at("kind"), "json");
    EXPECT_EQ(one.at("hidden"), 1);
    EXPECT_GT(one.at("ttl_ms").as_int64(), 3'500'000);
    EXPECT_EQ(one.at("value").at("text"), R"({"name":"Ann <b>","password":"[masked]"})");
    set<std::string>("session:token:7", "abcdef");
    EXPECT_EQ(on.get(path_of("session:token:7")).at("value").at("text"), "\"[masked]\"");
    EXPECT_EQ(on.status_of(path_of("user:2")), 404);
}

TEST_P(CachePanel, ShowsBytesAndLongValues) {
    set("blob", cache::byte_vector(3, std::byte{0xff}));
    const auto bytes = on.get(path_of("blob"));
    EXPECT_EQ(bytes.at("kind"), "bytes");
    EXPECT_EQ(bytes.at("value").at("text"), "////");
    EXPECT_EQ(bytes.at("bytes"), 3);
    set<std::string>("long", std::string(100'000, 'x'));
    EXPECT_EQ(on.get(path_of("long")).at("value").at("cut"), true);
    EXPECT_EQ(on.get(path_of("long") + "?whole=1").at("value").at("cut"), false);
    EXPECT_TRUE(on.get(path_of("long")).at("ttl_ms").is_null());
}

TEST_P(CachePanel, ListsKeysThatBeginSo) {
    std::set<std::string> expected;
    for (int i = 0; i < 50; ++i)
        expected.insert("user:" + std::to_string(i));
    for (const auto& each : expected)
        set<std::string>(each, "x");
    set<std::string>("other", "x", {.tags = "t"});
    EXPECT_EQ(keys_below("user:"), expected);
    EXPECT_EQ(keys_below("").size(), 51u);
    EXPECT_EQ(keys_below("nobody").size(), 0u);
}

TEST_P(CachePanel, ListsKeysAlsoAfterAFlushHasMovedThem) {
    set<std::string>("old", "x");
    ASSERT_EQ(on.act(http::method::post, "/cache/flush").status, 204);
    EXPECT_FALSE(has("old"));
    set<std::string>("new", "x");
    EXPECT_EQ(keys_below(""), std::set<std::string>{"new"});
}

TEST_P(CachePanel, RemovesAValue) {
    set<std::string>("user:1", "x");
    EXPECT_EQ(on.act(http::method::delete_, path_of("user:1")).status, 204);
    EXPECT_FALSE(has("user:1"));
    EXPECT_EQ(on.act(http::method::delete_, path_of("user:1")).status, 404);
}

TEST_P(CachePanel, RemovesAllThatBeginsSoAndNothingElse) {
    for (int i = 0; i < 300; ++i)
        set<std::string>("user:" + std::to_string(i), "x");
    set<std::string>("users", "x");
    const auto answer = on.act(http::method::post, "/cache/remove", R"({"prefix":"user:"})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::parse(answer.body)->at("changed"), 300);
    EXPECT_TRUE(json::parse(answer.body)->at("next").is_null());
    EXPECT_EQ(keys_below(""), std::set<std::string>{"users"});
    EXPECT_EQ(on.act(http::method::post, "/cache/remove", R"({"prefix":""})").status, 422);
}

TEST_P(CachePanel, MakesATagVoid) {
    set<std::string>("a", "x", {.tags = "shop-7"});
    set<std::string>("b", "x");
    EXPECT_EQ(on.act(http::method::post, "/cache/invalidate", R"({"tag":"shop-7"})").status, 204);
    EXPECT_FALSE(has("a"));
    EXPECT_TRUE(has("b"));
    EXPECT_EQ(on.act(http::method::post, "/cache/invalidate", R"({"tag":""})").status, 422);
}

TEST_P(CachePanel, TakesKeysThatMeanSomethingInAddresses) {
    const std::string long_key(1024, 'k');
    for (const std::string& key : {std::string("../up"), std::string("a/b?c#d%"),
                                   std::string("<img src=x onerror=alert(1)>"), std::string("läuft"), long_key}) {
        set<std::string>(key, "here");
        EXPECT_EQ(on.get(path_of(key)).at("key"), json::value(key));
        EXPECT_EQ(keys_below(key).count(key), 1u) << key;
        EXPECT_EQ(on.act(http::method::delete_, path_of(key)).status, 204) << key;
    }
}

TEST_P(CachePanel, SaysWhereValuesAreAndWhetherItAnswers) {
    set<std::string>("a", "x");
    const auto about = on.get("/cache");
    EXPECT_EQ(about.at("problem"), "");
    EXPECT_EQ(about.at("lists_keys"), true);
    EXPECT_TRUE(about.at("ratio").is_null());
    EXPECT_FALSE(about.at("store").as_string().empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, CachePanel, ::testing::Values("memory", "redis"),
                         [](const auto& info) { return info.param; });

TEST(CachePanelForReaders, ChangesNothing) {
    mounted on(role::read);
    const auto values = cache::create_cache({.url = "memory:"});
    add_cache_panel(on.board(), {.values = [values] { return values; }});
    EXPECT_EQ(on.act(http::method::delete_, "/cache/keys/a").status, 403);
    EXPECT_EQ(on.act(http::method::post, "/cache/flush").status, 403);
    EXPECT_EQ(on.status_of("/cache/keys"), 200);
}

TEST(CachePanelOfAStoreThatIsAway, SaysSo) {
    mounted on;
    const auto values = cache::create_cache({.url = "redis://127.0.0.1:1", .prefix = "x:", .timeout = 300ms});
    add_cache_panel(on.board(), {.values = [values] { return values; }});
    EXPECT_NE(on.get("/cache").at("problem"), "");
    EXPECT_GE(on.status_of("/cache/keys"), 503);
    const auto concerns = on.loop.get(on.state->concerns.at(0)());
    ASSERT_EQ(concerns.size(), 1u);
    EXPECT_TRUE(concerns[0].text.starts_with("the cache does not answer: ")) << concerns[0].text;
    on.loop.wait(values.stop(deadline::after(1s)));
}

// --- How often it has what is asked for ------------------------------------------------------------------------------

std::vector<monitoring::metric_family> asked(double hits, double misses) {
    const auto point = [](const char* result, double value) {
        return monitoring::metric_point{.labels = {{"namespace", "users"}, {"result", result}}, .value = value};
    };
    return {{.name = "cache_requests_total", .points = {point("hit", hits), point("miss", misses)}},
            {.name = "other_total", .points = {{.labels = {{"namespace", "users"}}, .value = 7}}}};
}

TEST(CacheWatch, TellsTheRatioOfTheLastQuarterOfAnHour) {
    cache_watch watch;
    steady_time now{1h};
    double hits = 1000, misses = 0;
    const auto look = [&] { return watch.look([&] { return asked(hits, misses); }, now).total; };
    EXPECT_FALSE(look().ratio()); // what was before nobody has seen
    now += 10s;
    hits += 3;
    misses += 1;
    EXPECT_EQ(look().ratio(), 0.75);
    for (int i = 0; i < 200; ++i, now += 10s, ++misses)
        look();
    EXPECT_EQ(look().ratio(), 0.0);
    EXPECT_NEAR(look().asked(), 90, 2);
}

TEST(CachePanelOverview, TellsOfLoadersThatFail) {
    manual_clock time;
    mounted on(role::operate, &time);
    const auto values = cache::create_cache({.url = "memory:"});
    double failed = 0;
    add_cache_panel(on.board(),
                    {.values = [values] { return values; },
                     .metrics =
                         [&failed] {
                             const monitoring::label_map labels{{"namespace", "users"}, {"outcome", "failed"}};
                             return std::vector<monitoring::metric_family>{
                                 {.name = "cache_loads_total", .points = {{.labels = labels, .value = failed}}}};
                         }});
    EXPECT_TRUE(on.loop.get(on.state->concerns.at(0)()).empty());
    EXPECT_FALSE(on.loop.get(on.state->figures.at(0)(std::chrono::minutes(15))).at(0).value);
    failed = 17;
    time.advance(2s);
    EXPECT_EQ(on.loop.get(on.state->concerns.at(0)()).at(0).text, "17 of 17 loads of users for the cache failed");
}

TEST(CacheWatch, AsksNoMoreThanOnceASecond) {
    cache_watch watch;
    steady_time now{1h};
    int times = 0;
    const auto look = [&] { watch.look([&] { return ++times, asked(1, 1); }, now); };
    look();
    look();
    EXPECT_EQ(times, 1);
    now += 1s;
    look();
    EXPECT_EQ(times, 2);
}

TEST(CacheWatch, BearsCountersThatBeginAgain) {
    EXPECT_EQ((cache_counts{.hits = 5} - cache_counts{.hits = 100}).hits, 5);
}

} // namespace
} // namespace infra::dashboard
