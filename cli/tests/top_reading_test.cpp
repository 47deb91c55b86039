#include "src/top_reading.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace infra::cli::top {
namespace {

constexpr auto infinite = std::numeric_limits<double>::infinity();

reading read(std::string_view metrics) {
    reading made;
    EXPECT_TRUE(add_metrics(made, metrics));
    return made;
}

json::value parsed(std::string_view text) { return json::parse(text).value(); }

TEST(TopReading, SumsTheSeriesOfACounter) {
    const auto now = read("http_server_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 5\n"
                          "http_server_requests_total{method=\"GET\",route=\"/\",status=\"503\"} 2\n"
                          "http_server_requests_total{method=\"POST\",route=\"/orders/{id}\",status=\"404\"} 1\n"
                          "cache_requests_total{namespace=\"a\",result=\"hit\"} 7\n"
                          "cache_requests_total{namespace=\"b\",result=\"stale\"} 1\n"
                          "cache_requests_total{namespace=\"b\",result=\"miss\"} 2\n"
                          "storage_requests_total{op=\"put\",status=\"ok\"} 3\n"
                          "storage_requests_total{op=\"get\",status=\"not_found\"} 1\n"
                          "log_lines_total{level=\"info\"} 10\nlog_lines_total{level=\"warn\"} 2\n"
                          "log_lines_total{level=\"error\"} 1\n"
                          "process_cpu_seconds_total 0.5\nprocess_start_time_seconds 1795836569.57\n");
    EXPECT_EQ(now.counter(counted::requests), 8);
    EXPECT_EQ(now.counter(counted::client_errors), 1);
    EXPECT_EQ(now.counter(counted::server_errors), 2);
    EXPECT_EQ(now.counter(counted::cache_hits), 8);
    EXPECT_EQ(now.counter(counted::cache_misses), 2);
    EXPECT_EQ(now.counter(counted::storage_calls), 4);
    EXPECT_EQ(now.counter(counted::storage_failures), 1);
    EXPECT_EQ(now.counter(counted::log_lines), 13);
    EXPECT_EQ(now.counter(counted::log_warnings), 2);
    EXPECT_EQ(now.counter(counted::log_errors), 1);
    EXPECT_EQ(now.counter(counted::cpu_seconds), 0.5);
    EXPECT_EQ(now.gauge(measured::started), 1795836569.57);
    EXPECT_EQ(now.gauge(measured::sockets), std::nullopt);
    ASSERT_EQ(now.routes.size(), 2u);
    EXPECT_EQ(now.routes.at("GET /").requests, 7);
    EXPECT_EQ(now.routes.at("GET /").errors, 2);
    EXPECT_EQ(now.routes.at("POST /orders/{id}").errors, 0);
}

TEST(TopReading, TakesNoNumberWhoseSumWouldHaveNoEnd) {
    auto now =
        read("process_resident_memory_bytes 1.7e308\nprocess_resident_memory_bytes 1.7e308\n"
             "http_server_requests_total{route=\"/\"} 1.7e308\nhttp_server_requests_total{route=\"/\"} 1.7e308\n"
             "event_loop_lag_seconds_bucket{le=\"-1.7e308\"} 1\nevent_loop_lag_seconds_bucket{le=\"1.7e308\"} 1\n"
             "event_loop_lag_seconds_bucket{le=\"+Inf\"} 2\nprocess_open_fds 1e18\n");
    add_queues(now, parsed(R"({"items": [{"name": "a", "active": 1e308}, {"name": "b", "active": 1e308}]})"), 0);
    EXPECT_EQ(now.gauge(measured::resident_bytes), std::nullopt);
    EXPECT_EQ(now.counter(counted::requests), 0);
    EXPECT_EQ(now.lag, (buckets{{infinite, 2}}));
    EXPECT_EQ(now.gauge(measured::open_files), 1e18);
    EXPECT_EQ(now.queues.at("b").active, std::nullopt);
}

TEST(TopReading, LeavesOutWhatOperatorsAsk) {
    const auto now = read("http_server_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"} 5\n"
                          "http_server_requests_total{method=\"GET\",route=\"/health\",status=\"503\"} 5\n"
                          "http_server_requests_total{method=\"GET\",route=\"/infra/api/overview\",status=\"401\"} 5\n"
                          "http_server_request_duration_seconds_bucket{method=\"GET\",route=\"/ready\",le=\"+Inf\"} 5\n"
                          "http_server_requests_total{method=\"GET\",route=\"/infrared\",status=\"200\"} 1\n");
    EXPECT_EQ(now.counter(counted::requests), 1);
    EXPECT_EQ(now.counter(counted::client_errors), 0);
    EXPECT_EQ(now.counter(counted::server_errors), 0);
    EXPECT_TRUE(now.durations.empty());
    EXPECT_EQ(now.routes.size(), 1u);
}

TEST(TopReading, AddsUpBucketsOfRoutesAndLoops) {
    const auto now = read("http_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"0.005\"} 5\n"
                          "http_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"+Inf\"} 6\n"
                          "http_server_request_duration_seconds_bucket{method=\"PUT\",route=\"/\",le=\"5e-03\"} 1\n"
                          "http_server_request_duration_seconds_bucket{method=\"PUT\",route=\"/\",le=\"+Inf\"} 1\n"
                          "http_server_request_duration_seconds_bucket{method=\"PUT\",route=\"/\",le=\"much\"} 1\n"
                          "event_loop_lag_seconds_bucket{loop=\"a\",le=\"1\"} 3\n"
                          "event_loop_lag_seconds_bucket{loop=\"b\",le=\"1\"} 4\n");
    EXPECT_EQ(now.durations, (buckets{{0.005, 6}, {infinite, 7}}));
    EXPECT_EQ(now.routes.at("PUT /").durations, (buckets{{0.005, 1}, {infinite, 1}}));
    EXPECT_EQ(now.lag, (buckets{{1, 7}}));
}

TEST(TopReading, KnowsQueuesByTheirNames) {
    auto now = read("queue_waiting_jobs{queue=\"mail\"} 3\nqueue_oldest_waiting_seconds{queue=\"mail\"} 1.5\n"
                    "queue_jobs_completed_total{queue=\"mail\"} 10\nqueue_jobs_failed_total{queue=\"mail\"} 1\n");
    EXPECT_EQ(now.queues.at("mail").waiting, 3);
    EXPECT_EQ(now.queues.at("mail").oldest_seconds, 1.5);
    EXPECT_EQ(now.queues.at("mail").finished, 10);
    EXPECT_EQ(now.queues.at("mail").failing, 1);
    EXPECT_EQ(now.queues.at("mail").active, std::nullopt);
    add_queues(
        now, parsed(R"({"items":[{"name":"mail","waiting":4,"active":2,"delayed":5,"failed":6,"workers":1,"paused":true,
                          "oldest":1000},{"name":"cron","waiting":0,"oldest":null}]})"),
        3500);
    EXPECT_EQ(now.queues.at("mail").waiting, 4);
    EXPECT_EQ(now.queues.at("mail").active, 2);
    EXPECT_EQ(now.queues.at("mail").delayed, 5);
    EXPECT_EQ(now.queues.at("mail").failed, 6);
    EXPECT_EQ(now.queues.at("mail").workers, 1);
    EXPECT_TRUE(now.queues.at("mail").paused);
    EXPECT_EQ(now.queues.at("mail").oldest_seconds, 2.5);
    EXPECT_EQ(now.queues.at("cron").oldest_seconds, 0);
}

TEST(TopReading, KeepsAThousandRoutesAndCountsAll) {
    std::string text;
    for (int i = 0; i < 1'200; ++i)
        text += "http_server_requests_total{method=\"GET\",route=\"/" + std::to_string(i) + "\",status=\"200\"} 1\n";
    const auto now = read(text);
    EXPECT_EQ(now.routes.size(), 1'000u);
    EXPECT_EQ(now.counter(counted::requests), 1'200);
}

TEST(TopReading, TakesNothingFromNumbersThatAreNone) {
    const auto now = read("process_cpu_seconds_total NaN\nprocess_resident_memory_bytes +Inf\nemails_sent_total 1\n");
    EXPECT_EQ(now.counter(counted::cpu_seconds), 0);
    EXPECT_EQ(now.gauge(measured::resident_bytes), std::nullopt);
    EXPECT_EQ(now.counter(counted::mails_sent), 1);
}

TEST(TopReading, SaysThatAPageHasNoMetrics) {
    reading none;
    EXPECT_FALSE(add_metrics(none, "<html>\n<body>Hello</body>\n"));
    EXPECT_FALSE(add_metrics(none, ""));
}

TEST(TopReading, HasHealthWithItsChecks) {
    reading now;
    add_health(now, 503, parsed(R"({"status":"unhealthy","service":"shop","uptime_seconds":7,"version":"1.2",
                          "checks":{"db":{"status":"unhealthy","message":"no answer"},"disk":{"status":"healthy"}}})"));
    EXPECT_EQ(now.status, "unhealthy");
    EXPECT_EQ(now.service, "shop");
    EXPECT_EQ(now.version, "1.2");
    EXPECT_EQ(now.uptime_seconds, 7);
    ASSERT_EQ(now.checks.size(), 2u);
    EXPECT_EQ(now.checks[0].name + now.checks[0].status + now.checks[0].message, "dbunhealthyno answer");
    add_checks(now, parsed(R"({"checks":[{"name":"db","status":"unhealthy","message":"port 5432: refused"}]})"));
    ASSERT_EQ(now.checks.size(), 1u);
    EXPECT_EQ(now.checks[0].message, "port 5432: refused");
}

TEST(TopReading, PutsUpWithDocumentsOfAnyShape) {
    for (const auto text : {"null", "7", "[]", "{}", R"({"checks":7})", R"({"checks":{"a":null}})", R"({"items":7})",
                            R"({"items":[null,{}]})", R"({"concerns":[{"text":7}]})", R"({"status":[]})"}) {
        reading now;
        add_health(now, 200, parsed(text));
        add_session(now, parsed(text));
        add_overview(now, parsed(text));
        add_checks(now, parsed(text));
        add_queues(now, parsed(text), 0);
        add_channels(now, parsed(text));
        EXPECT_EQ(now.status, "healthy") << text;
    }
    reading down;
    add_health(down, 503, parsed("null"));
    EXPECT_EQ(down.status, "unhealthy");
}

TEST(TopReading, ListsWhatNeedsAttentionAndCountsChannels) {
    reading now;
    add_session(now, parsed(R"({"service":"shop","version":"2"})"));
    add_overview(now, parsed(R"({"concerns":[{"severity":"error","text":"3 jobs failed","count":3}]})"));
    add_channels(now, parsed(R"({"items":[{},{}],"next":"b"})"));
    EXPECT_EQ(now.service + now.version, "shop2");
    ASSERT_EQ(now.concerns.size(), 1u);
    EXPECT_EQ(now.concerns[0].text, "3 jobs failed");
    EXPECT_EQ(now.channels, 2u);
    EXPECT_TRUE(now.more_channels);
}

} // namespace
} // namespace infra::cli::top
