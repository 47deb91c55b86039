#include "tests/collector.hpp"

#include <boost/json/parse.hpp>

#include <map>

namespace infra::otlp {
namespace {

using namespace std::chrono_literals;

struct OtlpMetricsExporter : with_collector<metrics_exporter> {
    monitoring::metrics shop; // apart from what exporter and server count themselves

    void start(metrics_options o) {
        o.url = at.url("metrics");
        start_with(shop, std::move(o));
    }

    /// What a request says of the counters, by their names.
    static std::map<std::string, double> sums(const http::request& req) {
        std::map<std::string, double> out;
        const auto body = boost::json::parse(req.body());
        for (const auto& one : body.at("resourceMetrics").at(0).at("scopeMetrics").at(0).at("metrics").as_array())
            out[std::string(one.at("name").as_string())] =
                one.at("sum").at("dataPoints").at(0).at("asDouble").to_number<double>();
        return out;
    }

    double sent() const { return metrics.get_counter("otlp_metric_points_sent_total").value_or(0); }
    double dropped(std::string_view reason) const {
        return metrics.get_counter("otlp_metric_points_dropped_total", {{"reason", reason}}).value_or(0);
    }
};

using sums_of = std::map<std::string, double>;

TEST_F(OtlpMetricsExporter, SendsWhatStandsWhenItStops) {
    start({.headers = {{"api-key", "k"}}, .resource = {{"service.name", "shop"}}, .interval = 1h});
    shop.increment("orders", 3);
    stop();
    ASSERT_EQ(at.received.size(), 1U);
    EXPECT_EQ(sums(at.received[0]), (sums_of{{"orders_total", 3}}));
    EXPECT_EQ(at.received[0].header("content-type"), "application/json");
    EXPECT_EQ(at.received[0].header("api-key"), "k");
    EXPECT_EQ(sent(), 1);
}

TEST_F(OtlpMetricsExporter, SendsTheWholeAgainEveryInterval) {
    start({.interval = 1ms});
    shop.increment("orders", 3);
    until([&] { return sent() >= 1; });
    shop.increment("orders", 2);
    until([&] { return sums(at.received.back())["orders_total"] == 5; });
    stop();
    EXPECT_EQ(sums(at.received.front())["orders_total"], 3);
}

TEST_F(OtlpMetricsExporter, SendsNothingOfNothing) {
    start({.interval = 1h});
    stop();
    EXPECT_TRUE(at.received.empty());
}

TEST_F(OtlpMetricsExporter, SendsManySeriesInSeveralRequests) {
    start({.interval = 1h, .max_points = 2});
    for (const char* each : {"a", "b", "c", "d", "e"})
        shop.increment(each);
    stop();
    ASSERT_EQ(at.received.size(), 3U);
    EXPECT_EQ(sums(at.received[0]), (sums_of{{"a_total", 1}}));
    EXPECT_EQ(sums(at.received[2]), (sums_of{{"d_total", 1}, {"e_total", 1}}));
    EXPECT_EQ(sent(), 5);
}

TEST_F(OtlpMetricsExporter, TriesAgainWhereThatMayHelp) {
    auto busy = http::response::of(429, "text/plain", "");
    busy.headers.set("Retry-After", "0");
    at.answers.push_back(std::move(busy));
    start({.interval = 1ms});
    shop.increment("orders");
    until([&] { return sent() >= 1; });
    stop();
    EXPECT_EQ(dropped("collector away"), 0);
    EXPECT_EQ(at.received[0].body(), at.received[1].body());
}

TEST_F(OtlpMetricsExporter, CountsWhatWasRefusedOrNotTaken) {
    at.answers.push_back(http::response::of(500, "text/plain", "no"));
    at.answers.push_back(
        http::response::of(200, "application/json", R"({"partialSuccess":{"rejectedDataPoints":"1"}})"));
    shop.increment("orders");
    shop.increment("refunds");
    start({.interval = 1ms});
    until([&] { return dropped("not taken") == 1; });
    stop();
    EXPECT_EQ(dropped("refused"), 2);
    EXPECT_GE(sent(), 1);
}

TEST_F(OtlpMetricsExporter, StopsInTimeThoughTheCollectorNeverAnswers) {
    at.silent = true;
    shop.increment("orders");
    start({.interval = 1ms});
    until([&] { return !at.received.empty(); });
    stop(20ms);
    EXPECT_TRUE(ended);
}

} // namespace
} // namespace infra::otlp
