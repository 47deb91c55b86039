#include <infra/health/report.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

health_report full_report() {
    health_report report{.status = health_status::degraded,
                         .timestamp = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + 1ms,
                         .uptime = 42'999ms,
                         .partial = true};
    report.checks.add("zoo", {.message = "fine", .details = {{"queued", 12}}, .latency = 1'234'567ns, .age = 2s});
    report.checks.add("ant", {.status = health_status::degraded, .latency = 12s, .running_for = 12s});
    return report;
}

TEST(HealthReport, IsWrittenAsJson) {
    EXPECT_EQ(json::to_text(full_report().to_json()),
              R"({"status":"degraded","checks":{)"
              R"("zoo":{"status":"healthy","message":"fine","details":{"queued":12},"latency_ms":1.235,"age_ms":2000},)"
              R"("ant":{"status":"degraded","latency_ms":12000,"running_for_ms":12000}},)"
              R"("timestamp":"2026-01-01T00:00:00.001Z","uptime_seconds":42,"partial":true})");
}

TEST(HealthReport, ShowsTheLastSuccessAndFailureAndWhatWasSkipped) {
    health_report report;
    const auto noon = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + 12h);
    report.checks.add("db", {.last_success = noon, .last_failure = noon + 1s, .failures = 3});
    report.checks.add("orders", {.message = "skipped: `db` is unhealthy", .skipped = true});
    EXPECT_EQ(json::to_text(report.to_json().at("checks")),
              R"({"db":{"status":"healthy","latency_ms":0,"last_success":"2026-01-01T12:00:00.000Z",)"
              R"("last_failure":"2026-01-01T12:00:01.000Z","failures":3},)"
              R"("orders":{"status":"skipped","message":"skipped: `db` is unhealthy"}})");
}

TEST(HealthReport, ShowsStatusesOnlyToThoseWhoMaySeeNoMore) {
    EXPECT_EQ(json::to_text(full_report().to_json(report_detail::statuses)),
              R"({"status":"degraded","checks":{"zoo":{"status":"healthy"},"ant":{"status":"degraded"}},)"
              R"("timestamp":"2026-01-01T00:00:00.001Z","uptime_seconds":42,"partial":true})");
}

TEST(HealthReport, LeavesOutWhatSaysNothing) {
    EXPECT_EQ(json::to_text(health_report{}.to_json()),
              R"({"status":"healthy","checks":{},"timestamp":"1970-01-01T00:00:00.000Z","uptime_seconds":0})");
}

TEST(HealthReport, MapsItsStatusToHttp) {
    const struct {
        health_status status;
        int usual;
        int strict;
    } rows[] = {
        {health_status::healthy, 200, 200}, {health_status::degraded, 200, 503}, {health_status::unhealthy, 503, 500}};
    for (const auto& row : rows) {
        const health_report report{.status = row.status};
        EXPECT_EQ(report.http_status(), row.usual) << row.status;
        EXPECT_EQ(report.http_status({.degraded = 503, .unhealthy = 500}), row.strict) << row.status;
    }
}

TEST(HealthCheckList, FindsByName) {
    const auto report = full_report();
    EXPECT_EQ(report.checks.size(), 2u);
    EXPECT_TRUE(report.checks.contains("ant"));
    EXPECT_FALSE(report.checks.contains("bee"));
    EXPECT_EQ(report.checks.at("zoo").message, "fine");
    try {
        (void)report.checks.at("bee");
        FAIL();
    } catch (const std::out_of_range& e) {
        EXPECT_STREQ(e.what(), "health: the report has no check `bee`");
    }
}

TEST(HealthStatus, IsPrintedByName) {
    std::ostringstream out;
    out << health_status::healthy << ' ' << health_status::degraded << ' ' << health_status::unhealthy;
    EXPECT_EQ(out.str(), "healthy degraded unhealthy");
}

} // namespace
} // namespace infra::health
