#include "src/metrics_json.hpp"
#include "tests/expectation.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace infra::otlp::detail {
namespace {

using monitoring::metric_family;
using monitoring::metric_type;
using namespace std::chrono_literals;

constexpr wall_time since(1700000000s + 1ns);
constexpr wall_time read_at(1700000060s);

families as_in_the_peer() {
    return {{.name = "http_requests_total",
             .help = "Requests.",
             .points = {{.labels = {{"method", "GET"}, {"route", "/users/é"}}, .value = 3, .since = since},
                        {.labels = {{"method", "POST"}, {"route", "/"}}, .value = 0.5, .since = since}}},
            {.name = "memory_bytes",
             .type = metric_type::gauge,
             .help = "Memory.",
             .points = {{.value = -2.5, .since = since}}},
            {.name = "charge_seconds",
             .type = metric_type::histogram,
             .help = "Charges.",
             .points = {{.labels = {{"provider", "x"}},
                         .distribution = {.count = 6, .sum = 4.5, .bounds = {0.1, 1}, .buckets = {1, 2, 3}},
                         .since = since}}}};
}

families of_points(std::initializer_list<std::size_t> counts) {
    families out;
    for (const auto count : counts) {
        out.push_back({.name = std::string(1, static_cast<char>('a' + out.size()))});
        for (std::size_t i = 0; i < count; ++i)
            out.back().points.push_back({.value = static_cast<double>(i)});
    }
    return out;
}

// expected_metrics.json is what peers/otlp/expected_metrics.mjs prints.
TEST(MetricsJson, IsWhatOpenTelemetrysJavaScriptSends) {
    const auto ours =
        parsed(metrics_json(as_in_the_peer(), {{"service.name", "shop"}, {"service.version", "1.2.3"}}, read_at));
    EXPECT_EQ(ours, expectation("expected_metrics.json")) << json::to_text(ours);
}

TEST(MetricsJson, HasNoSumWhereItMayFall) {
    families all{{.name = "drift",
                  .type = metric_type::histogram,
                  .points = {{.distribution = {.count = 1, .sum = 2, .bounds = {-1, 1}, .buckets = {0, 0, 1}}},
                             {.distribution = {.count = 1, .sum = -2, .bounds = {0}, .buckets = {1, 0}}}}}};
    EXPECT_EQ(metrics_json(all, {}, read_at).find("\"sum\""), std::string::npos);
}

// Exemplar of opentelemetry/proto/metrics/v1/metrics.proto, as OTLP/JSON spells it: ids in hex, 64-bit integers as text.
TEST(MetricsJson, LeadsToTraces) {
    const monitoring::exemplar seen{.trace = {0x0af7651916cd43dd, 0x8448eb211c80319c},
                                    .span = {0xb7ad6b7169203331},
                                    .value = 0.25,
                                    .time = since + 5s};
    const families all{{.name = "charges_total", .points = {{.value = 3, .since = since, .exemplars = {seen}}}},
                       {.name = "charge_seconds",
                        .type = metric_type::histogram,
                        .points = {{.distribution = {.count = 1, .sum = 0.25, .bounds = {1}, .buckets = {1, 0}},
                                    .since = since,
                                    .exemplars = {seen, {.trace = seen.trace, .span = {1}, .value = 2, .time = {}}}}}}};
    const auto request = parsed(metrics_json(all, {}, read_at));
    const auto exemplars_of = [&request](std::string_view metric, std::string_view kind) {
        return request.at_pointer("/resourceMetrics/0/scopeMetrics/0/metrics/" + std::string(metric) + "/" +
                                  std::string(kind) + "/dataPoints/0/exemplars");
    };
    const auto first = parsed(R"({"filteredAttributes": [], "timeUnixNano": "1700000005000000001", "asDouble": 0.25,
                                  "spanId": "b7ad6b7169203331", "traceId": "0af7651916cd43dd8448eb211c80319c"})");
    const auto second = parsed(R"({"filteredAttributes": [], "timeUnixNano": "0", "asDouble": 2.0,
                                   "spanId": "0000000000000001", "traceId": "0af7651916cd43dd8448eb211c80319c"})");
    EXPECT_EQ(exemplars_of("0", "sum"), json::value(json::array{first}));
    EXPECT_EQ(exemplars_of("1", "histogram"), json::value(json::array{first, second}));
}

TEST(MetricsJson, WritesWhatJsonHasNoNumberFor) {
    families all{{.name = "odd", .type = metric_type::gauge, .points = {{.value = HUGE_VAL}}}};
    EXPECT_NE(metrics_json(all, {}, read_at).find(R"("asDouble":"Infinity")"), std::string::npos);
}

TEST(MetricsJson, TakesTheUnitFromTheName) {
    EXPECT_EQ(unit_of("process_cpu_seconds_total"), "s");
    EXPECT_EQ(unit_of("charge_seconds"), "s");
    EXPECT_EQ(unit_of("body_bytes"), "By");
    EXPECT_EQ(unit_of("hit_ratio"), "1");
    for (const char* none : {"", "_total", "orders_total", "seconds"})
        EXPECT_EQ(unit_of(none), "") << none;
}

TEST(MetricParts, HoldNoMorePointsThanTheyMay) {
    auto parts = in_parts(of_points({1, 5, 2}), 3);
    std::vector<std::string> seen;
    while (!parts.empty()) {
        EXPECT_LE(points_of(parts.back()), 3U);
        for (const auto& f : parts.back())
            for (const auto& p : f.points)
                seen.push_back(f.name + std::to_string(static_cast<int>(p.value)));
        parts.pop_back();
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"a0", "b0", "b1", "b2", "b3", "b4", "c0", "c1"}));
}

TEST(MetricParts, AreNoneOfNothing) {
    EXPECT_TRUE(in_parts({}, 3).empty());
    EXPECT_TRUE(in_parts(of_points({0, 0}), 3).empty());
}

} // namespace
} // namespace infra::otlp::detail
