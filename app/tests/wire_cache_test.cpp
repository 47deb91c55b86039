#include "src/wiring.hpp"

#include <infra/app/checks.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

namespace infra::app {
namespace {

struct WiredCache : ::testing::Test {
    app_options options{.name = "shop", .cache = {.prefix = "shop:", .max_bytes = std::size_t{8} << 20}};
    environment env{};
    http::router routes;
    wiring w{.options = options, .env = env, .routes = routes, .now = std::make_shared<phase>()};
};

TEST_F(WiredCache, IsTheOneOfTheProcessAndSaysWhatItIs) {
    wire_cache(w);
    ASSERT_EQ(w.chosen.size(), 1U);
    EXPECT_EQ(w.chosen[0].module, "cache");
    EXPECT_EQ(w.chosen[0].backend, "memory: 8 MiB");
    wait(cache::default_cache().set("k", 1));
    std::string bytes;
    EXPECT_EQ(cache::default_cache().stored()->try_get("shop:k", bytes), cache::lookup::hit);
}

TEST_F(WiredCache, DegradesTheServiceWhileItsServerIsAway) {
    using infra::testing::redis_server;
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    redis_server server;
    env = environment({{"REDIS_URL", server.url()}});
    wire_cache(w);
    EXPECT_EQ(w.chosen.at(0).backend, server.url() + "/0");
    wait(cache::default_cache().set("k", 1));
    EXPECT_EQ(wait(cache::default_cache().get<int>("k")), 1);
    const auto check = cache_check(cache::default_cache(), {.degraded_above = std::chrono::seconds(5)});
    EXPECT_EQ(wait(check()).status, health::health_status::healthy);
    server.kill();
    EXPECT_EQ(wait(cache::default_cache().get<int>("elsewhere")), std::nullopt) << "the service goes on";
    const auto report = wait(health::run_health_checks()).to_json();
    EXPECT_EQ(report.at("checks").at("cache").at("status").as_string(), "degraded") << "and not unhealthy";
    wait(w.parts.at(0).stop(deadline::after(std::chrono::hours(1))));
    cache::set_default_cache(cache::cache(cache::make_memory_store()));
}

TEST_F(WiredCache, IsSweptUntilItIsStopped) {
    wire_cache(w);
    const auto& part = w.parts.at(0);
    std::thread stops([&] { wait(part.stop(deadline::after(std::chrono::seconds(10)))); });
    wait(part.run());
    stops.join();
}

TEST_F(WiredCache, RefusesAServerThatNobodyLinked) {
    env = environment({{"CACHE_URL", "unlinked://user:secret@host"}});
    try {
        wire_cache(w);
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::misconfigured);
        EXPECT_TRUE(std::string_view(e.what()).starts_with("CACHE_URL: ")) << e.what();
        EXPECT_EQ(std::string_view(e.what()).find("secret"), std::string_view::npos);
    }
}

} // namespace
} // namespace infra::app
