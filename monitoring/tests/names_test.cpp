#include "src/names.hpp"

#include <gtest/gtest.h>

namespace infra::monitoring::detail {
namespace {

using enum metric_type;

TEST(MetricNames, AreThoseOfPrometheus) {
    for (const char* good : {"a", "http_requests_total", "_x", ":rule:x", "A9"})
        EXPECT_TRUE(is_metric_name(good)) << good;
    for (const std::string& bad : {std::string(""), std::string("9a"), std::string("a-b"), std::string("a b"),
                                   std::string("ä"), std::string("a\0b", 3), std::string(201, 'a')})
        EXPECT_FALSE(is_metric_name(bad)) << bad;
}

TEST(MetricNames, AreExposedByConvention) {
    const struct {
        std::string_view name;
        metric_type type;
        exposed_metric exposed;
    } table[] = {
        {"http_requests", counter, {"http_requests_total"}},
        {"http_requests_total", counter, {"http_requests_total"}},
        {"emailsSent", counter, {"emails_sent_total"}},
        {"busy_ms", counter, {"busy_seconds_total", 1, 1e3}},
        {"active_connections", gauge, {"active_connections"}},
        {"jobs_total", gauge, {"jobs"}},
        {"job_count", gauge, {"job"}},
        {"uptime_hours", gauge, {"uptime_seconds", 3600, 1}},
        {"heap_mb", gauge, {"heap_bytes", 1048576, 1}},
        {"http_request_duration_ms", histogram, {"http_request_duration_seconds", 1, 1e3}},
        {"charge_seconds", histogram, {"charge_seconds"}},
        {"lock_us", histogram, {"lock_seconds", 1, 1e6}},
        {"ms", histogram, {"ms"}},
        {"rule:x", counter, {"rule_x_total"}},
        {"milliseconds", counter, {"seconds_total", 1, 1e3}},
        {"latency_ms_p99", gauge, {"latency_seconds_p99", 1, 1e3}},
        {"sent_kilobytes", counter, {"sent_bytes_total", 1024, 1}},
        {"weight_kilograms", gauge, {"weight_grams", 1000, 1}},
        {"distance_miles", counter, {"distance_meters_total", 1609.344, 1}},
        {"requests_per_hours", gauge, {"requests_per_seconds", 1, 3600}},
        {"took_s", histogram, {"took_seconds"}},
        {"size_b", gauge, {"size_bytes"}},
        {"plan_b_orders", counter, {"planb_orders_total"}}, // a letter that is no unit
        {"bytes_per_ms", gauge, {"bytes_perms"}},           // one unit is all that a value can be converted by
        {"outside_fahrenheit", gauge, {"outsidefahrenheit"}},
        {"errors_counter", counter, {"errorscounter_total"}}, // but one may be called errors, too
        {"depth_gauge", gauge, {"depthgauge"}},
        {"jobs_total_count", gauge, {"jobs"}},
        {"time_ms_total", gauge, {"time_seconds", 1, 1e3}},
        {"__x__y_", gauge, {"x_y"}},
        {"_", gauge, {"_"}},
        {"_9", gauge, {"_9"}},
    };
    for (const auto& row : table) {
        const auto exposed = exposed_as(row.name, row.type);
        EXPECT_EQ(exposed.name, row.exposed.name) << row.name;
        EXPECT_EQ(exposed, row.exposed) << row.name;
    }
}

TEST(MetricNames, OccupyWhatEitherFormatWouldWrite) {
    EXPECT_EQ(occupied_names("a_total", counter), (std::vector<std::string>{"a", "a_total", "a_created"}));
    EXPECT_EQ(occupied_names("a", gauge), (std::vector<std::string>{"a"}));
    EXPECT_EQ(occupied_names("a", histogram),
              (std::vector<std::string>{"a", "a_bucket", "a_count", "a_sum", "a_created"}));
}

TEST(MetricNames, ChooseTheBucketsByTheirUnit) {
    EXPECT_EQ(default_buckets("a_seconds").front(), 0.005);
    EXPECT_EQ(default_buckets("a_ms").front(), 5);
    EXPECT_EQ(default_buckets("a_bytes").back(), 64 * 1024 * 1024);
    EXPECT_EQ(default_buckets("a_ratio").back(), 1);
    EXPECT_EQ(default_buckets("a").back(), 10'000);
}

TEST(MetricNames, ExplainThemselvesWhenNobodyDoes) {
    EXPECT_EQ(default_help("http_requests_total"), "Http requests.");
    EXPECT_EQ(default_help("emailsSent"), "Emails sent.");
    EXPECT_EQ(default_help("_"), ".");
}

} // namespace
} // namespace infra::monitoring::detail
