#include "support.hpp"

namespace infra::monitoring {
namespace {

const telemetry::instrument requests{
    .kind = telemetry::instrument_kind::counter, .name = "http_server_requests_total", .help = "Requests answered."};
constexpr double bounds[] = {0.1, 1};
const telemetry::instrument seconds{.kind = telemetry::instrument_kind::histogram,
                                    .name = "http_server_seconds",
                                    .help = "How long they took.",
                                    .buckets = bounds};
const telemetry::instrument busy{.kind = telemetry::instrument_kind::gauge, .name = "busy", .help = {}};

TEST(Meter, TakesWhatTheRoomsReport) {
    metrics m;
    m.install();
    const telemetry::series ok(requests, {{"status", "200"}}), took(seconds), now_busy(busy);
    ok.add();
    ok.add(2);
    took.record(0.5);
    now_busy.record(7);
    now_busy.add(-2);
    EXPECT_EQ(m.get_counter("http_server_requests_total", {{"status", 200}}), 3);
    EXPECT_EQ(m.get_histogram("http_server_seconds")->buckets, (std::vector<std::uint64_t>{0, 1, 0}));
    EXPECT_EQ(m.get_gauge("busy"), 5);
    EXPECT_NE(m.expose().body.find("# HELP http_server_seconds How long they took.\n"), std::string::npos);
}

TEST(Meter, FollowsTheInstalledMetrics) {
    const telemetry::series ok(requests);
    {
        metrics first;
        first.install();
        ok.add();
        EXPECT_EQ(first.get_counter("http_server_requests_total"), 1);
    }
    ok.add(); // nobody listens
    metrics second;
    second.install();
    ok.add();
    EXPECT_EQ(second.get_counter("http_server_requests_total"), 1);
}

TEST(Meter, KeepsReportedSeriesThroughClear) {
    metrics m;
    m.install();
    const telemetry::series ok(requests);
    ok.add(4);
    m.clear();
    ok.add();
    EXPECT_EQ(m.get_counter("http_server_requests_total"), 1);
}

TEST(Meter, IgnoresWhatAKindCannotDo) {
    metrics m;
    m.install();
    const telemetry::series count(requests), took(seconds);
    count.record(5);
    count.add(-5);
    took.add(5);
    EXPECT_EQ(m.get_counter("http_server_requests_total"), 0);
    EXPECT_EQ(m.get_histogram("http_server_seconds")->count, 0U);
}

TEST(Meter, RefusesASeriesThatCannotBe) {
    const heard_log log;
    metrics m;
    m.install();
    const telemetry::series bad(requests, {{"le", "x"}});
    bad.add();
    EXPECT_EQ(m.get_counter("metrics_rejected_total"), 1);
    EXPECT_EQ(log.lines().size(), 1U);
}

} // namespace
} // namespace infra::monitoring
