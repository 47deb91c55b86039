#include "tests/collector.hpp"

#include <infra/base/json.hpp>
#include <infra/logging/logger.hpp>
#include <infra/logging/pipeline.hpp>
#include <infra/monitoring/gzip.hpp>

#include <boost/json/parse.hpp>

#include <sys/wait.h>
#include <unistd.h>

namespace infra::otlp {
namespace {

using namespace std::chrono_literals;
using list = std::vector<std::string>;

struct OtlpLogsExporter : with_collector<logs_exporter> {
    void start(logs_options o) {
        o.url = at.url("logs");
        start_with(std::move(o));
    }

    std::size_t log(std::initializer_list<const char*> messages) const {
        std::vector<logging::record_view> records;
        for (const auto* each : messages)
            records.push_back({.module = "web", .message = each});
        return out->records()->write(records).taken;
    }

    std::vector<json::value> records_sent() const {
        std::vector<json::value> out;
        for (const auto& each : at.received) {
            const auto body = boost::json::parse(each.body());
            for (const auto& scope : body.at("resourceLogs").at(0).at("scopeLogs").as_array())
                for (const auto& one : scope.at("logRecords").as_array())
                    out.push_back(one);
        }
        return out;
    }
    list messages() const {
        list out;
        for (const auto& each : records_sent())
            out.emplace_back(each.at("body").at("stringValue").as_string());
        return out;
    }

    double sent() const { return metrics.get_counter("otlp_log_records_sent_total").value_or(0); }
    double dropped(std::string_view reason) const {
        return metrics.get_counter("otlp_log_records_dropped_total", {{"reason", reason}}).value_or(0);
    }
};

/// A pipeline that writes to a test's memory and to the exporter.
struct service_log {
    std::shared_ptr<logging::memory_record_sink> memory = std::make_shared<logging::memory_record_sink>();
    logging::pipeline out{{.outputs = {{.records = memory}},
                           .levels = {.modules = {{"http", level::error}}}}}; // the collector, too, is of this process
    logging::logger speaks{{.module = "web", .to = &out}};

    void flush() { out.flush(deadline::after(30s)); }
    list messages() {
        flush();
        list all;
        for (const auto& each : memory->records())
            all.push_back(each.message);
        return all;
    }
};

TEST_F(OtlpLogsExporter, SendsTheLinesOfAPipelineWithTheirTrace) {
    service_log log;
    start({.headers = {{"api-key", "k"}}, .schedule_delay = 1h});
    log.out.add_output({.records = out->records()});
    {
        const context_scope in(context().with_span({{0x0af7651916cd43dd, 0x8448eb211c80319c}, {7}, 1}));
        log.speaks.warn("slow", {{"took", 1500us}});
    }
    log.flush();
    stop();
    ASSERT_EQ(at.received.size(), 1U);
    EXPECT_EQ(at.received[0].header("api-key"), "k");
    EXPECT_EQ(at.received[0].header("traceparent"), "");
    const auto sent = records_sent().at(0);
    EXPECT_EQ(sent.at("body").at("stringValue"), "slow");
    EXPECT_EQ(sent.at("severityNumber"), 13);
    EXPECT_EQ(sent.at("traceId"), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(sent.at("spanId"), "0000000000000007");
    EXPECT_EQ(sent.at("flags"), 1);
    EXPECT_EQ(sent.at("attributes").at(0).at("value"), (json::value{{"doubleValue", 1.5}}));
    EXPECT_GE(sent.at("observedTimeUnixNano").as_string(), sent.at("timeUnixNano").as_string());
}

TEST_F(OtlpLogsExporter, CompressesWhenTold) {
    start({.compress = true, .schedule_delay = 1h});
    log({"a"});
    stop();
    ASSERT_EQ(at.received.size(), 1U);
    EXPECT_EQ(at.received[0].header("content-encoding"), "gzip");
}

TEST_F(OtlpLogsExporter, SendsAWholeBatchAtOnceAndARestInTime) {
    start({.max_batch = 2, .schedule_delay = 1h});
    log({"a", "b"});
    until([&] { return sent() == 2; });
    stop();

    start({.schedule_delay = 5ms});
    log({"c"});
    until([&] { return sent() == 3; });
    stop();
}

TEST_F(OtlpLogsExporter, SendsNoMoreThanABatchInARequest) {
    start({.max_batch = 2, .schedule_delay = 1h});
    log({"a", "b", "c", "d", "e"});
    stop();
    EXPECT_EQ(at.received.size(), 3U);
    EXPECT_EQ(messages(), (list{"a", "b", "c", "d", "e"}));
}

TEST_F(OtlpLogsExporter, SendsLongLinesInSmallerBatches) {
    start({.schedule_delay = 1h});
    const std::string line(1 << 20, 'x');
    std::vector<logging::record_view> records(9, {.message = line});
    EXPECT_EQ(out->records()->write(records).taken, 9U);
    until([&] { return sent() >= 4; }); // 4 MiB are enough to be sent at once
    stop();
    EXPECT_EQ(sent(), 9);
    EXPECT_EQ(at.received.size(), 3U);
}

TEST_F(OtlpLogsExporter, RefusesAndCountsWhatItsQueueCannotHold) {
    start({.max_queue = 2, .max_batch = 2, .schedule_delay = 1h});
    EXPECT_TRUE(out->records()->has_room());
    EXPECT_EQ(log({"a", "b", "c", "d"}), 2U);
    EXPECT_FALSE(out->records()->has_room());
    EXPECT_EQ(log({"e"}), 0U);
    EXPECT_EQ(dropped("queue full"), 3);
    stop();
    EXPECT_EQ(messages(), (list{"a", "b"}));
}

TEST_F(OtlpLogsExporter, HoldsNoMoreBytesThanItIsTold) {
    start({.max_queue_bytes = 3000, .schedule_delay = 1h});
    const std::string line(1000, 'x'), huge(1 << 20, 'x');
    const std::vector<logging::record_view> records(4, {.message = line});
    const logging::record_view one[] = {{.message = huge}};
    EXPECT_EQ(out->records()->write(records).taken, 2U);
    EXPECT_EQ(out->records()->write(one).taken, 0U);
    stop();
    start({.max_queue_bytes = 3000, .schedule_delay = 1h});
    EXPECT_EQ(out->records()->write(one).taken, 1U); // alone it may be longer
    stop();
    EXPECT_EQ(sent(), 3);
}

TEST_F(OtlpLogsExporter, ToldOfInTheLogOnceThereIsRoomAgain) {
    service_log log;
    start({.max_queue = 2, .max_batch = 2, .schedule_delay = 1h});
    log.out.add_output({.records = out->records()});
    for (const auto* each : {"a", "b", "c"})
        log.speaks.info(each);
    log.flush();
    EXPECT_EQ(log.out.counts().lost, 1U);
    until([&] { return sent() == 2; });
    log.speaks.info("d");
    log.flush();
    stop();
    EXPECT_EQ(messages(), (list{"a", "b", "log lines were lost", "d"}));
}

TEST_F(OtlpLogsExporter, RepeatsByTheRulesOfTheOthers) {
    auto busy = http::response::of(503, "text/plain", "");
    busy.headers.set("Retry-After", "0");
    at.answers.push_back(std::move(busy));
    at.answers.push_back(
        http::response::of(200, "application/json", R"({"partialSuccess":{"rejectedLogRecords":"1"}})"));
    at.answers.push_back(http::response::of(400, "text/plain", "no"));
    start({.max_batch = 2, .schedule_delay = 1h});
    log({"a", "b", "c"});
    stop();
    EXPECT_EQ(messages(), (list{"a", "b", "a", "b", "c"}));
    EXPECT_EQ(sent(), 1);
    EXPECT_EQ(dropped("not taken"), 1);
    EXPECT_EQ(dropped("refused"), 1);
}

// Each outage is told of, and if that were sent, too, there would be no end of it.
TEST_F(OtlpLogsExporter, FeedsOnNothingItSaysItself) {
    service_log log;
    log.out.install();
    for (int i = 0; i < 2; ++i) {
        at.answers.push_back(http::response::of(500, "text/plain", "no"));
        at.answers.push_back(http::response::of(200, "application/json", "{}"));
    }
    start({.schedule_delay = 1ms});
    log.out.add_output({.records = out->records()});
    for (const auto* each : {"a", "b", "c", "d"}) {
        log.speaks.info(each);
        log.flush();
        until([&] { return messages().size() >= 1 && messages().back() == each; });
        until([&] { return sent() + dropped("refused") == static_cast<double>(messages().size()); });
        log.flush();
    }
    stop();
    EXPECT_EQ(messages(), (list{"a", "b", "c", "d"}));
    EXPECT_EQ(at.received.size(), 4U);
    const list lost{"log records were lost: the collector did not take them"},
        again{"the collector takes log records again"};
    const auto elsewhere = log.messages();
    EXPECT_EQ(std::ranges::count(elsewhere, lost[0]), 2) << elsewhere.size();
    EXPECT_EQ(std::ranges::count(elsewhere, again[0]), 2);
}

TEST_F(OtlpLogsExporter, IsLetGoByThePipelineOnceItWasStoppedOrDestroyed) {
    service_log log;
    for (const bool stopped : {true, false}) {
        start({.schedule_delay = 1h});
        log.out.add_output({.records = out->records()});
        const std::weak_ptr<logging::record_sink> watched = out->records();
        log.speaks.info("before");
        log.flush();
        if (stopped)
            stop();
        out.reset();
        until([&] { return ended; });
        io.restart();
        io.poll(); // what the end of it left to the loop
        log.speaks.info("after");
        log.flush();
        EXPECT_TRUE(watched.expired());
    }
    EXPECT_EQ(messages(), list{"before"});
    EXPECT_EQ(dropped("stopped"), 1); // the one that was destroyed with a line in its queue
    EXPECT_EQ(log.out.counts().lost, 0U);
    EXPECT_EQ(log.messages(), (list{"before", "after", "before", "after"}));
}

TEST_F(OtlpLogsExporter, StopsInTimeThoughTheCollectorNeverAnswers) {
    at.silent = true;
    start({.schedule_delay = 1ms});
    log({"a"});
    until([&] { return !at.received.empty(); });
    log({"b"});
    stop(20ms);
    EXPECT_TRUE(ended);
    EXPECT_TRUE(out->records()->is_closed());
    EXPECT_EQ(log({"c"}), 1U); // to nobody
}

TEST_F(OtlpLogsExporter, IsNotThereInTheChildAfterAFork) {
    const auto memory = std::make_shared<logging::memory_record_sink>();
    logging::pipeline pipeline({.outputs = {{.records = memory}}, .synchronous = true});
    const logging::logger speaks({.to = &pipeline});
    start({.schedule_delay = 1h});
    pipeline.add_output({.records = out->records()});
    speaks.info("parent's");
    const auto child = ::fork();
    if (child == 0) {
        speaks.info("child's");
        const bool went_on = memory->records().size() == 2 && pipeline.counts().lost == 0;
        ::_exit(went_on && out->records()->is_closed() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(out->records()->is_closed());
    stop();
    EXPECT_EQ(messages(), list{"parent's"});
}

} // namespace
} // namespace infra::otlp
