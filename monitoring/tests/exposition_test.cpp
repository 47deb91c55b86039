#include "support.hpp"

#include <limits>

namespace infra::monitoring {
namespace {

TEST(Exposition, IsPrometheusText) {
    metrics m;
    m.increment("emails_sent", 3, {{"template", "wel\"come"}});
    m.increment("emails_sent", {{"template", "bye"}});
    m.gauge("queue_depth", 7);
    const auto seconds =
        m.bind_histogram("charge_ms", {{"provider", "x"}}, {.buckets = {5, 10}, .help = "Charges.\nAll."});
    seconds.observe(7);
    seconds.observe(20);
    const auto [content_type, body] = m.expose("text/html;q=0.1, */*");
    EXPECT_EQ(content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(body, R"(# HELP charge_seconds Charges.\nAll.
# TYPE charge_seconds histogram
charge_seconds_bucket{provider="x",le="0.005"} 0
charge_seconds_bucket{provider="x",le="0.01"} 1
charge_seconds_bucket{provider="x",le="+Inf"} 2
charge_seconds_sum{provider="x"} 0.027
charge_seconds_count{provider="x"} 2
# HELP emails_sent_total Emails sent.
# TYPE emails_sent_total counter
emails_sent_total{template="bye"} 1
emails_sent_total{template="wel\"come"} 3
# HELP queue_depth Queue depth.
# TYPE queue_depth gauge
queue_depth 7
)");
}

TEST(Exposition, ShowsABoundSeriesFromTheStart) {
    metrics m;
    const auto bound = m.bind_counter("orders", {}, "Orders taken.");
    EXPECT_EQ(m.expose().body, "# HELP orders_total Orders taken.\n# TYPE orders_total counter\norders_total 0\n");
}

TEST(Exposition, WritesNumbersAsPrometheusReadsThem) {
    metrics m;
    m.gauge("a", std::numeric_limits<double>::infinity());
    m.gauge("b", -std::numeric_limits<double>::infinity());
    m.gauge("c", std::numeric_limits<double>::quiet_NaN());
    m.gauge("d", 12345678901.0);
    m.gauge("e", 0.1);
    m.gauge("f", 1e300);
    const auto body = m.expose().body;
    for (const char* line : {"\na +Inf\n", "\nb -Inf\n", "\nc NaN\n", "\nd 12345678901\n", "\ne 0.1\n", "\nf 1e+300\n"})
        EXPECT_NE(body.find(line), std::string::npos) << line << body;
}

TEST(Exposition, OrdersSeriesTheSameAtEveryScrape) {
    metrics forwards, backwards;
    for (int i = 0; i < 50; ++i) {
        forwards.increment("x", {{"i", i}});
        backwards.increment("x", {{"i", 49 - i}});
    }
    EXPECT_EQ(forwards.expose().body, backwards.expose().body);
}

TEST(Exposition, PassesPromtoolWhateverTheSeedCallsItsMetrics) {
    if (!has_promtool())
        GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
    metrics m({.max_series_per_metric = 5, .process_metrics = true});
    for (int i = 0; i < 10; ++i)
        m.increment("http_requests", {{"method", "GET"}, {"path", "/" + std::to_string(i)}});
    m.increment("emailsSent", {{"template", "we\\l\"c\nome é \xFF"}});
    m.increment("http_requests_bad name");
    m.gauge("jobs_total", 1);
    m.gauge("job_count", 1);
    m.gauge("heap_mb", 12);
    m.gauge("temperature", std::numeric_limits<double>::quiet_NaN());
    m.observe("http_request_duration_ms", 150, {{"path", "/api/users"}});
    m.observe("db_query_duration_us", 23, {{"query", "findUser"}});
    m.observe("body_bytes", 1e9);
    m.observe("response_time_ms", 1);
    m.observe("fill_ratio", 0.3);
    EXPECT_TRUE(passes_promtool(m.expose().body));
}

} // namespace
} // namespace infra::monitoring
