#include <infra/health/http_answer.hpp>

#include <gtest/gtest.h>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

health_report shop_report() {
    health_report report{.status = health_status::degraded,
                         .timestamp = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
    report.checks.add("db", {.message = "fine", .latency = 1500us, .age = 2s});
    report.checks.add("search",
                      {.status = health_status::degraded, .message = "slow", .details = {{"hits", 3}}, .latency = 2ms});
    report.checks.add("orders", {.message = "skipped: `db` is unhealthy", .skipped = true});
    return report;
}

TEST(HealthAnswer, IsPlainJsonWithStatusesOnlyUnlessAskedOtherwise) {
    const auto answer = to_http(shop_report());
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(answer.body,
              R"({"status":"degraded","checks":{"db":{"status":"healthy"},"search":{"status":"degraded"},)"
              R"("orders":{"status":"skipped"}},"timestamp":"2026-01-01T00:00:00.000Z","uptime_seconds":0})");
}

TEST(HealthAnswer, NamesTheServiceAndToTheKnownItsVersion) {
    const http_answer_options options{.service = "shop", .version = "1.2"};
    EXPECT_NE(to_http({}, options).body.find(R"("service":"shop")"), std::string::npos);
    EXPECT_EQ(to_http({}, options).body.find("1.2"), std::string::npos);
    auto known = options;
    known.detail = report_detail::full;
    EXPECT_NE(to_http({}, known).body.find(R"("version":"1.2")"), std::string::npos);
}

TEST(HealthAnswer, SpeaksTheDraftToThoseWhoAskForIt) {
    const auto answer = to_http(
        shop_report(),
        {.accept = "application/health+json", .detail = report_detail::full, .service = "shop", .version = "1.2"});
    EXPECT_EQ(answer.content_type, "application/health+json");
    EXPECT_EQ(answer.body,
              R"({"status":"warn","checks":{)"
              R"("db:responseTime":[{"status":"pass","componentId":"db","observedValue":1.5,"observedUnit":"ms",)"
              R"("time":"2025-12-31T23:59:58.000Z"}],)"
              R"("search:responseTime":[{"status":"warn","componentId":"search","observedValue":2,"observedUnit":"ms",)"
              R"("time":"2026-01-01T00:00:00.000Z","output":"slow","details":{"hits":3}}],)"
              R"("orders:responseTime":[{"status":"warn","componentId":"orders","time":"2026-01-01T00:00:00.000Z",)"
              R"("output":"skipped: `db` is unhealthy"}]},"serviceId":"shop","version":"1.2"})");
}

TEST(HealthAnswer, HidesAsMuchInTheDraftsWords) {
    const auto answer = to_http(shop_report(), {.accept = "application/health+json"});
    EXPECT_EQ(answer.body, R"({"status":"warn","checks":{"db:responseTime":[{"status":"pass"}],)"
                           R"("search:responseTime":[{"status":"warn"}],"orders:responseTime":[{"status":"warn"}]}})");
}

TEST(HealthAnswer, MapsStatusesAsTold) {
    EXPECT_EQ(to_http(shop_report(), {.codes = {.degraded = 503}}).status, 503);
    EXPECT_EQ(to_http({.status = health_status::unhealthy}).status, 503);
}

} // namespace
} // namespace infra::health
