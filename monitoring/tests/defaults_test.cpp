#include "support.hpp"

namespace infra::monitoring {
namespace {

TEST(DefaultMetrics, AreBehindTheFreeFunctions) {
    clear_metrics();
    increment("http_requests_total", {{"method", "GET"}});
    increment("emails_sent", 2);
    gauge("active_connections", 42);
    observe("http_request_duration_ms", 150, {{"path", "/api/users"}});
    bind_counter("bound", {{"method", "GET"}}).increment();
    bind_gauge("bound_gauge").set(3);
    bind_histogram("bound_histogram", {}, {.buckets = {0.1, 1}}).observe(0.5);
    EXPECT_EQ(get_counter("http_requests_total", {{"method", "GET"}}), 1);
    EXPECT_EQ(get_counter("emails_sent"), 2);
    EXPECT_EQ(get_gauge("active_connections"), 42);
    EXPECT_EQ(get_histogram("http_request_duration_ms", {{"path", "/api/users"}})->sum, 150);
    EXPECT_EQ(get_all_metrics().size(), 7U);
    const auto body = expose().body;
    EXPECT_NE(body.find("emails_sent_total 2\n"), std::string::npos);
    EXPECT_NE(body.find("\nprocess_resident_memory_bytes "), std::string::npos);
}

TEST(DefaultMetrics, AreInstalledAtFirstUse) {
    install();
    static const telemetry::instrument of{
        .kind = telemetry::instrument_kind::counter, .name = "from_below_total", .help = "x"};
    telemetry::series(of).add();
    EXPECT_EQ(get_counter("from_below_total"), 1);
}

} // namespace
} // namespace infra::monitoring
