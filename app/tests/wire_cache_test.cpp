#include "src/wiring.hpp"

#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

namespace infra::app {
namespace {

struct WiredCache : testing::Test {
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
