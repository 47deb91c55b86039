#include <infra/otlp.hpp>

#include <infra/base/context_executor.hpp>
#include <infra/base/json.hpp>
#include <infra/http_server.hpp>
#include <infra/monitoring.hpp>
#include <infra/testing/background_conformance.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <deque>

namespace infra::otlp {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const monitoring::span_record> span(std::string name) {
    return std::make_shared<monitoring::span_record>(
        monitoring::span_record{.context = {{1, 2}, {3}, 1}, .name = std::move(name)});
}

/// Answers as told, and with 200 once it has been told no more.
struct collector {
    explicit collector(const executor& ex) : server({ex}, routes(), {.port = 0}) {
        server.listen();
        asio::co_spawn(ex, server.run(), asio::detached);
    }

    http::router routes() {
        http::router made;
        made.post("/v1/traces", [this](http::request req) -> awaitable<http::response> {
            received.push_back(std::move(req));
            if (silent) {
                asio::steady_timer for_ever(co_await asio::this_coro::executor, 1h);
                co_await for_ever.async_wait(asio::use_awaitable);
            }
            if (answers.empty())
                co_return http::response::of(200, "application/json", "{}");
            auto next = std::move(answers.front());
            answers.pop_front();
            co_return next;
        });
        return made;
    }

    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& each : received) {
            const auto body = boost::json::parse(each.body());
            for (const auto& one : body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array())
                out.emplace_back(one.at("name").as_string());
        }
        return out;
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/traces"; }

    std::vector<http::request> received;
    std::deque<http::response> answers;
    bool silent = false;
    http::server server;
};

struct OtlpExporter : ::testing::Test {
    asio::io_context io{1};
    executor ex = with_context(io.get_executor());
    collector at{ex};
    monitoring::metrics metrics;
    std::optional<exporter> out;

    OtlpExporter() { metrics.install(); }

    void start(options o) {
        o.traces_url = at.url();
        out.emplace(ex, std::move(o));
        asio::co_spawn(ex, out->run(), [this](std::exception_ptr e) {
            EXPECT_EQ(e ? describe(e) : "", "");
            ended = true;
        });
    }

    void send(std::initializer_list<const char*> names) {
        for (const auto* each : names)
            out->spans()->ended(span(each));
    }

    template <class Done>
    void until(Done done) {
        const auto give_up = std::chrono::steady_clock::now() + 30s;
        while (!done()) {
            io.restart();
            io.run_one_for(20ms);
            ASSERT_LT(std::chrono::steady_clock::now(), give_up);
        }
    }

    void stop(std::chrono::milliseconds within = 10s) {
        bool stopped = false;
        asio::co_spawn(ex, out->stop(deadline::after(within)), [&](std::exception_ptr) { stopped = true; });
        until([&] { return stopped && ended; });
    }

    double sent() const { return metrics.get_counter("otlp_spans_sent_total").value_or(0); }
    double dropped(std::string_view reason) const {
        return metrics.get_counter("otlp_spans_dropped_total", {{"reason", reason}}).value_or(0);
    }

    bool ended = false;
};

using names = std::vector<std::string>;

TEST_F(OtlpExporter, SendsWhatIsQueuedWhenItStops) {
    start({.headers = {{"api-key", "k"}}, .resource = {{"service.name", "shop"}}, .schedule_delay = 1h});
    send({"a", "b", "c"});
    stop();
    ASSERT_EQ(at.received.size(), 1U);
    EXPECT_EQ(at.names(), (names{"a", "b", "c"}));
    EXPECT_EQ(at.received[0].header("content-type"), "application/json");
    EXPECT_EQ(at.received[0].header("api-key"), "k");
    EXPECT_TRUE(at.received[0].header("user-agent").starts_with("infra-otlp/"));
    EXPECT_EQ(at.received[0].header("traceparent"), "");
    EXPECT_EQ(sent(), 3);
}

TEST_F(OtlpExporter, SendsAWholeBatchAtOnceAndARestInTime) {
    start({.max_batch = 2, .schedule_delay = 1h});
    send({"a", "b"});
    until([&] { return sent() == 2; });
    stop();

    ended = false;
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
    EXPECT_EQ(at.names(), (names{"a", "b", "c", "d", "e"}));
}

TEST_F(OtlpExporter, DropsAndCountsWhatItsQueueCannotHold) {
    start({.max_queue = 2, .max_batch = 2, .schedule_delay = 1h});
    send({"a", "b", "c", "d"});
    stop();
    EXPECT_EQ(at.names(), (names{"a", "b"}));
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
    EXPECT_EQ(at.names(), (names{"a", "a", "a", "a", "a"}));
}

TEST_F(OtlpExporter, DoesNotRepeatWhatWasRefused) {
    at.answers.push_back(http::response::of(400, "text/plain", "no"));
    at.answers.push_back(http::response::of(500, "text/plain", "no"));
    start({.max_batch = 1, .schedule_delay = 1h});
    send({"a", "b", "c"});
    stop();
    EXPECT_EQ(at.names(), (names{"a", "b", "c"}));
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

TEST_F(OtlpExporter, TakesTheSpansOfATracer) {
    start({.schedule_delay = 1h});
    {
        monitoring::tracer tracer; // gone by the time the collector, of this process, would make spans of its own
        tracer.install();
        tracer.send_to(out->spans());
        const telemetry::span work("work", span_kind::server);
    }
    stop();
    EXPECT_EQ(at.names(), (names{"work"}));
}

} // namespace
} // namespace infra::otlp

namespace infra::testing {
namespace {

// Nobody listens on the discard port, so it is busy trying again.
INSTANTIATE_TEST_SUITE_P(Otlp, BackgroundConformance,
                         ::testing::Values(background_case{
                             .name = "exporter",
                             .make =
                                 [](executor ex) {
                                     auto made = std::make_shared<otlp::exporter>(
                                         ex, otlp::options{.traces_url = "http://127.0.0.1:9/v1/traces",
                                                           .schedule_delay = std::chrono::milliseconds(1)});
                                     return background_subject{
                                         .object = made,
                                         .run = [e = made.get()] { return e->run(); },
                                         .stop = [e = made.get()](deadline d) { return e->stop(d); },
                                         .make_busy = [e = made.get()]() -> awaitable<void> {
                                             e->spans()->ended(otlp::span("endless"));
                                             asio::steady_timer soon(co_await asio::this_coro::executor,
                                                                     std::chrono::milliseconds(20));
                                             co_await soon.async_wait(asio::use_awaitable);
                                         }};
                                 }}),
                         background_name);

} // namespace
} // namespace infra::testing
