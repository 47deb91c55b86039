// Health checks of every shape.

#include "support.hpp"

#include <infra/app/checks.hpp>
#include <infra/health.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace api {
namespace {

infra::health::check_result plain_check() {
    return {.status = infra::health::health_status::degraded, .message = "slow"};
}
awaitable<infra::health::check_result> coroutine_check() { co_return infra::health::healthy(); }

TEST(ApiHealth, TakesEveryShapeOfCheck) {
    using namespace infra::health;
    const std::string name = "as-string";
    const auto reason = long_text("gone");

    register_health_check("memory", memory_health_check);
    register_health_check("strict-memory", memory_health_check.with({.degraded_above = 0.1, .unhealthy_above = 0.9}));
    register_health_check("plain", plain_check);
    register_health_check("pointer", &plain_check, {.timeout = std::chrono::milliseconds(500), .critical = false});
    register_health_check("roomy-memory", memory_health_check.with({.degraded_above = 0.7}));
    register_health_check(name, coroutine_check,
                          {.timeout = std::chrono::seconds(1), .cache_for = std::chrono::seconds(5)});
    register_health_check("lambda", [] { return healthy(); });
    register_health_check("void", [] {});
    register_health_check("void-coroutine", []() -> awaitable<void> { co_return; }, {});
    register_health_check("capturing", [reason]() -> awaitable<check_result> {
        co_return check_result{.status = health_status::unhealthy, .message = reason};
    });
    register_health_check("throwing", []() -> check_result { throw std::runtime_error("no answer"); },
                          {.critical = false});

    auto report = run([]() -> awaitable<health_report> { co_return co_await run_health_checks(); });
    EXPECT_EQ(report.status, health_status::unhealthy);
    EXPECT_EQ(report.http_status(), 503);
    EXPECT_EQ(report.checks.at("capturing").message, reason);
    EXPECT_EQ(report.checks.at("throwing").message, "no answer");
    EXPECT_TRUE(report.checks.contains("strict-memory"));
    EXPECT_EQ(report.to_json().at("checks").at("plain").at("status"), "degraded");

    const auto ready = run([]() -> awaitable<health_report> { co_return co_await run_health_checks("ready"); });
    EXPECT_EQ(to_http(ready, {.accept = "application/health+json"}).content_type, "application/health+json");

    EXPECT_TRUE(remove_health_check("capturing"));
    EXPECT_FALSE(remove_health_check(std::string("capturing")));
    EXPECT_TRUE(remove_health_check("strict-memory")); // what the machine says decides these three
    EXPECT_TRUE(remove_health_check("roomy-memory"));
    EXPECT_TRUE(remove_health_check("memory"));
    report = run([]() -> awaitable<health_report> { return run_health_checks(); });
    EXPECT_EQ(report.status, health_status::degraded);
    EXPECT_EQ(report.http_status(), 200);
}

TEST(ApiHealth, TakesReadyMadeChecksAndEveryOption) {
    using namespace infra::health;
    using namespace std::chrono_literals;
    registry checks;
    checks.add("disk", disk_check({.path = "/"}), {.critical = false, .every = 1h});
    checks.add("files", open_files_check());
    checks.add("loops", loop_lag_check(), {.every = 1h, .groups = {"live"}});
    checks.add("tcp", tcp_check({.host = "127.0.0.1", .port = 1}), {.groups = {"start"}});
    checks.add("orders", [] {}, {.depends_on = {"tcp"}, .worse_after = 3, .better_after = 2});
    checks.add("payments", infra::app::http_check({.url = "http://127.0.0.1:1/"}), {.groups = {"never"}});
    checks.add("queue", infra::app::queue_check({.degraded_above = 100}), {.groups = {"never"}});
    checks.on_change([](const status_change&) {});
    checks.set_state(service_state::stopping);
    const auto report = run([&]() -> awaitable<health_report> { return checks.run("ready"); });
    EXPECT_EQ(report.checks.at("service").message, "stopping");
}

} // namespace
} // namespace api
