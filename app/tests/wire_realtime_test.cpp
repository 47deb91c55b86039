#include "src/wiring.hpp"

#include <infra/app/checks.hpp>
#include <infra/http_client.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace infra::app {
namespace {

using namespace std::chrono_literals;

struct WiredRealtime : ::testing::Test {
    ~WiredRealtime() override {
        health::remove_health_check("realtime");
        realtime::set_default_hub(realtime::hub());
    }

    http::response got(std::string target, http::headers fields = {}) const {
        return wait(routes.handle({.target = std::move(target), .headers = std::move(fields)}));
    }
    std::string problem() {
        try {
            wire_realtime(w);
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::misconfigured);
            return e.what();
        }
        return "";
    }

    app_options options{.name = "shop"};
    environment env{};
    http::router routes;
    wiring w{.options = options, .env = env, .routes = routes, .now = std::make_shared<phase>()};
};

TEST_F(WiredRealtime, IsTheHubOfTheProcessAndSaysWhatItRunsOn) {
    options.realtime.hub.channels = {{"room:*", {.history = {.size = 10}}}};
    wire_realtime(w);
    ASSERT_EQ(w.chosen.size(), 1u);
    EXPECT_EQ(w.chosen[0].module, "realtime");
    EXPECT_EQ(w.chosen[0].backend, "memory");
    EXPECT_EQ(realtime::publish("room:1", {.type = "said"}).at.offset, 1u);
    const auto report = wait(health::run_health_checks()).to_json();
    EXPECT_EQ(report.at("checks").at("realtime").at("status").as_string(), "healthy");
}

TEST_F(WiredRealtime, ServesTheBrowsersClientAndTheSockets) {
    wire_realtime(w);
    EXPECT_EQ(got("/infra/realtime.js").headers.get("content-type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(got("/ws").status, 426);
    EXPECT_NE(got("/events").status, 404) << "it misses channels, and is there";
}

TEST_F(WiredRealtime, ServesNothingWithoutAPath) {
    options.realtime.sockets_path = options.realtime.events_path = options.realtime.client_path = "";
    wire_realtime(w);
    for (const auto* path : {"/infra/realtime.js", "/ws", "/events"})
        EXPECT_EQ(got(path).status, 404) << path;
    EXPECT_TRUE(w.doors.empty());
}

TEST_F(WiredRealtime, HasPagesForOperatorsOnlyWhereThereIsAToken) {
    wire_realtime(w);
    EXPECT_EQ(got("/infra/realtime/channels", {{"authorization", "Bearer "}}).status, 404);
}

TEST_F(WiredRealtime, LetsOperatorsInByTheirToken) {
    env = environment({{"INFRA_ADMIN_TOKEN", "sixteen bytes or more"}});
    wire_realtime(w);
    EXPECT_EQ(got("/infra/realtime/channels").status, 401);
    EXPECT_EQ(got("/infra/realtime/channels", {{"authorization", "Bearer sixteen bytes or mode"}}).status, 401);
    EXPECT_EQ(got("/infra/realtime/channels", {{"authorization", "Bearer sixteen bytes or more"}}).status, 200);
}

TEST_F(WiredRealtime, TakesItsSecretsFromTheEnvironment) {
    env = environment({{"REALTIME_SIGNING_SECRET", "a secret of the present, a secret of the past"}});
    wire_realtime(w);
    EXPECT_EQ(realtime::default_hub().options().signing_keys,
              (std::vector<std::string>{"a secret of the present", "a secret of the past"}));
}

TEST_F(WiredRealtime, RefusesSecretsThatCanBeGuessed) {
    env = environment({{"REALTIME_SIGNING_SECRET", "swordfish"}});
    const auto of_signing = problem();
    env = environment({{"INFRA_ADMIN_TOKEN", "swordfish"}});
    const auto of_operators = problem();
    EXPECT_TRUE(of_signing.starts_with("REALTIME_SIGNING_SECRET: ")) << of_signing;
    EXPECT_TRUE(of_operators.starts_with("INFRA_ADMIN_TOKEN: ")) << of_operators;
    EXPECT_EQ((of_signing + of_operators).find("swordfish"), std::string::npos);
}

TEST_F(WiredRealtime, RefusesWhatIsNoPlaceForChannels) {
    env = environment({{"REALTIME_URL", "ftp://user:secret@host"}});
    EXPECT_TRUE(problem().starts_with("REALTIME_URL: ")) << problem();
    EXPECT_EQ(problem().find("secret"), std::string::npos);
}

TEST_F(WiredRealtime, StaysInTheProcessWhereToldToInSpiteOfRedis) {
    env = environment({{"REALTIME_URL", "memory:"}, {"REDIS_URL", "redis://127.0.0.1:1"}});
    wire_realtime(w);
    EXPECT_EQ(w.chosen.at(0).backend, "memory");
}

TEST_F(WiredRealtime, DegradesTheServiceWhileItsServerIsAway) {
    using infra::testing::redis_server;
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    redis_server server;
    env = environment({{"REDIS_URL", server.url()}});
    wire_realtime(w);
    EXPECT_TRUE(w.chosen.at(0).backend.starts_with("redis://127.0.0.1:")) << w.chosen.at(0).backend;
    const auto& part = w.parts.at(0);
    std::thread runs([&] { wait(part.run()); });
    const realtime_check check(realtime::default_hub());
    const auto until = [&](health::health_status wanted) {
        const auto give_up = std::chrono::steady_clock::now() + 30s;
        while (wait(check()).status != wanted && std::chrono::steady_clock::now() < give_up)
            std::this_thread::yield();
        EXPECT_EQ(wait(check()).status, wanted);
    };
    until(health::health_status::healthy);
    server.kill();
    until(health::health_status::unhealthy);
    const auto report = wait(health::run_health_checks()).to_json();
    EXPECT_EQ(report.at("checks").at("realtime").at("status").as_string(), "degraded") << "and not unhealthy";
    wait(part.stop(deadline::after(10s)));
    runs.join();
}

TEST_F(WiredRealtime, RunsUntilItIsStopped) {
    wire_realtime(w);
    const auto& part = w.parts.at(0);
    std::thread stops([&] { wait(part.stop(deadline::after(10s))); });
    wait(part.run());
    stops.join();
}

// A part of HTTP's that is stopped before HTTP is.
TEST_F(WiredRealtime, TellsItsClientsToGoBeforeHttpStops) {
    options.port = 0;
    wire_realtime(w);
    wire_http(w);
    ASSERT_EQ(w.doors.size(), 2u);
    std::string order;
    for (auto each = w.parts.rbegin(); each != w.parts.rend(); ++each)
        order += each->name + ", ";
    EXPECT_EQ(order, "sockets, event streams, http, realtime, ");
}

} // namespace
} // namespace infra::app
