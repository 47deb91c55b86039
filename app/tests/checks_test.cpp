#include <infra/app/checks.hpp>

#include <infra/http_server.hpp>
#include <infra/runtime.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>

namespace infra::app {
namespace {

// --- HTTP ---

struct HttpCheck : ::testing::Test {
    HttpCheck() {
        http::router routes;
        routes.get("/ok", [] { return http::response::text("fine"); });
        routes.get("/moved", [] { return http::response::redirect("/ok"); });
        routes.get("/broken", [] { return http::response(500); });
        server = std::make_unique<http::server>(std::move(routes), http::server_options{.port = 0});
        server->listen();
        ended = asio::co_spawn(default_executor(), server->run(), asio::use_future);
    }
    ~HttpCheck() override {
        wait(server->stop(deadline::after(std::chrono::seconds(10))));
        ended.get();
    }

    health::check_result ask(const std::string& path, int highest = 299) const {
        return wait(http_check({.url = server->url() + path, .highest = highest})());
    }

    std::unique_ptr<http::server> server;
    std::future<void> ended;
};

TEST_F(HttpCheck, GoesByTheStatus) {
    EXPECT_EQ(ask("/ok").status, health::health_status::healthy);
    EXPECT_EQ(ask("/moved").status, health::health_status::unhealthy) << "not followed";
    EXPECT_EQ(ask("/moved", 399).status, health::health_status::healthy);
    const auto broken = ask("/broken");
    EXPECT_EQ(broken.status, health::health_status::unhealthy);
    EXPECT_EQ(broken.message, server->url() + "/broken answered 500");
}

TEST(HttpCheckOptions, AreCheckedByName) {
    EXPECT_THROW(http_check({.url = "ftp://x"}), std::invalid_argument);
    EXPECT_THROW(http_check({.url = "http://x", .lowest = 99}), std::invalid_argument);
    EXPECT_THROW(http_check({.url = "http://x", .lowest = 300}), std::invalid_argument);
    EXPECT_THROW(http_check({.url = "http://x", .highest = 600}), std::invalid_argument);
}

TEST(HttpCheckAlone, ThrowsWhenNobodyAnswers) {
    EXPECT_THROW(wait(http_check({.url = "http://127.0.0.1:1/"})()), infra::error);
}

// --- Cache ---

TEST(CacheCheck, FindsAMemoryWell) {
    const cache::cache one(cache::make_memory_store());
    wait(one.set("k", 1));
    const auto said = wait(cache_check(one)());
    EXPECT_EQ(said.status, health::health_status::healthy);
    EXPECT_EQ(said.details.at("entries").as_uint64(), 1U);
    EXPECT_THROW(cache_check(one, {.degraded_above = std::chrono::milliseconds(0)}), std::invalid_argument);
}

// --- Redis ---

TEST(RedisCheck, TellsWhetherItAnswersAndHowSoon) {
    using infra::testing::redis_server;
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    redis_server server;
    const auto client = std::make_shared<const redis::client>(redis::options_from(server.url() + "?deadline=1000"));
    const auto ask = [&](redis_check_options options) { return wait(redis_check(client, options)()); };
    const auto well = ask({.degraded_above = std::chrono::seconds(5)});
    EXPECT_EQ(well.status, health::health_status::healthy);
    EXPECT_EQ(well.details.at("server").as_string(), server.url() + "/0");
    EXPECT_GT(well.details.at("ping_ms").as_double(), 0.0);

    server.kill();
    EXPECT_THROW(ask({}), boost::system::system_error) << "no answer, no health";
    server.start();
    EXPECT_EQ(ask({.degraded_above = std::chrono::seconds(5)}).status, health::health_status::healthy);
    wait(client->stop(deadline::after(std::chrono::seconds(10))));
}

TEST(RedisCheck, ChecksItsOptionsByName) {
    EXPECT_THROW(redis_check(nullptr), std::invalid_argument);
    const auto client = std::make_shared<const redis::client>();
    EXPECT_THROW(redis_check(client, {.degraded_above = std::chrono::milliseconds(0)}), std::invalid_argument);
}

} // namespace
} // namespace infra::app
