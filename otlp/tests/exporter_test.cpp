#include "src/traces_json.hpp"
#include "tests/collector.hpp"

#include <infra/base/json.hpp>
#include <infra/monitoring/gzip.hpp>

#include <boost/json/parse.hpp>

namespace infra::otlp {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const monitoring::span_record> span(std::string name) {
    return std::make_shared<monitoring::span_record>(
        monitoring::span_record{.context = {{1, 2}, {3}, 1}, .name = std::move(name)});
}

struct OtlpExporter : with_collector<exporter> {
    void start(options o) {
        o.traces_url = at.url("traces");
        start_with(std::move(o));
    }

    void send(std::initializer_list<const char*> names) {
        for (const auto* each : names)
            out->spans()->ended(span(each));
    }

    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& each : at.received) {
            const auto body = boost::json::parse(each.body());
            for (const auto& one : body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array())
                out.emplace_back(one.at("name").as_string());
        }
        return out;
    }

    double sent() const { return metrics.get_counter("otlp_spans_sent_total").value_or(0); }
    double dropped(std::string_view reason) const {
        return metrics.get_counter("otlp_spans_dropped_total", {{"reason", reason}}).value_or(0);
    }
};

using list = std::vector<std::string>;

TEST_F(OtlpExporter, SendsWhatIsQueuedWhenItStops) {
    start({.headers = {{"api-key", "k"}}, .resource = {{"service.name", "shop"}}, .schedule_delay = 1h});
    send({"a", "b", "c"});
    stop();
    ASSERT_EQ(at.received.size(), 1U);
    EXPECT_EQ(names(), (list{"a", "b", "c"}));
    EXPECT_EQ(at.received[0].header("content-type"), "application/json");
    EXPECT_EQ(at.received[0].header("api-key"), "k");
    EXPECT_TRUE(at.received[0].header("user-agent").starts_with("infra-otlp/"));
    EXPECT_EQ(at.received[0].header("traceparent"), "");
    EXPECT_EQ(sent(), 3);
}

TEST_F(OtlpExporter, CompressesWhenTold) {
    start({.compress = true, .schedule_delay = 1h});
    send({"a"});
    stop();
    ASSERT_EQ(at.received.size(), 1U);
    EXPECT_EQ(at.received[0].header("content-encoding"), "gzip");
    EXPECT_EQ(at.received[0].body(), monitoring::gzip(traces_json(detail::batch{span("a")}, options{}.resource)));
}

TEST_F(OtlpExporter, SendsAWholeBatchAtOnceAndARestInTime) {
    start({.max_batch = 2, .schedule_delay = 1h});
    send({"a", "b"});
    until([&] { return sent() == 2; });
    stop();

    start({.schedule_delay = 5ms});
    send({"c"});
    until([&] { return sent() == 3; });
    stop();
}

TEST_F(OtlpExporter, SendsNoMoreThanABatchInARequest) {
    start({.max_batch = 2, .schedule_delay = 1h});
    send({"a", "b", "c", "d", "e"});
    stop();
    EXPECT_EQ(at.received.size(), 3U);
    EXPECT_EQ(names(), (list{"a", "b", "c", "d", "e"}));
}

TEST_F(OtlpExporter, DropsAndCountsWhatItsQueueCannotHold) {
    start({.max_queue = 2, .max_batch = 2, .schedule_delay = 1h});
    send({"a", "b", "c", "d"});
    stop();
    EXPECT_EQ(names(), (list{"a", "b"}));
    EXPECT_EQ(dropped("queue full"), 2);
}

TEST_F(OtlpExporter, TriesAgainWhereThatMayHelpAndWhenItIsTold) {
    for (const int status : {429, 502, 503, 504}) {
        auto busy = http::response::of(status, "text/plain", "");
        busy.headers.set("Retry-After", "0");
        at.answers.push_back(std::move(busy));
    }
    start({.schedule_delay = 1ms});
    send({"a"});
    until([&] { return sent() == 1; });
    stop();
    EXPECT_EQ(names(), (list{"a", "a", "a", "a", "a"}));
}

TEST_F(OtlpExporter, DoesNotRepeatWhatWasRefused) {
    at.answers.push_back(http::response::of(400, "text/plain", "no"));
    at.answers.push_back(http::response::of(500, "text/plain", "no"));
    start({.max_batch = 1, .schedule_delay = 1h});
    send({"a", "b", "c"});
    stop();
    EXPECT_EQ(names(), (list{"a", "b", "c"}));
    EXPECT_EQ(dropped("refused"), 2);
    EXPECT_EQ(sent(), 1);
}

TEST_F(OtlpExporter, DoesNotRepeatWhatWasTakenInPart) {
    at.answers.push_back(
        http::response::of(200, "application/json", R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"x"}})"));
    start({.schedule_delay = 1h});
    send({"a", "b", "c"});
    stop();
    EXPECT_EQ(at.received.size(), 1U);
    EXPECT_EQ(sent(), 1);
    EXPECT_EQ(dropped("not taken"), 2);
}

TEST_F(OtlpExporter, GivesUpABatchAfterItsTime) {
    for (int i = 0; i < 100; ++i)
        at.answers.push_back(http::response::of(503, "text/plain", ""));
    start({.export_timeout = 1ms, .schedule_delay = 1ms});
    send({"a"});
    until([&] { return dropped("collector away") == 1; });
    stop();
}

TEST_F(OtlpExporter, StopsInTimeThoughTheCollectorNeverAnswers) {
    at.silent = true;
    start({.schedule_delay = 1ms});
    send({"a"});
    until([&] { return !at.received.empty(); });
    send({"b"});
    stop(20ms);
    EXPECT_TRUE(ended);
    send({"c"}); // to nobody
}

TEST_F(OtlpExporter, MayBeDestroyedBeforeItsRunHasBegun) {
    start({.schedule_delay = 1h});
    out.reset();
    until([&] { return ended; });
    EXPECT_TRUE(at.received.empty());
}

TEST_F(OtlpExporter, TakesTheSpansOfATracer) {
    start({.schedule_delay = 1h});
    {
        monitoring::tracer tracer; // gone by the time the collector, of this process, would make spans of its own
        tracer.install();
        tracer.send_to(out->spans());
        const telemetry::span work("work", span_kind::server);
    }
    stop();
    EXPECT_EQ(names(), (list{"work"}));
}

} // namespace
} // namespace infra::otlp
