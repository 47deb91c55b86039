#pragma once

/// Sends what monitoring records and logging writes to an OpenTelemetry collector: OTLP over HTTP, in JSON.
///
///     auto options = otlp::options_from(environment::of_process());   // empty without OTEL_EXPORTER_OTLP_ENDPOINT
///     otlp::exporter exporter(loop.get_executor(), *options);
///     monitoring::default_tracer().send_to(exporter.spans());
///     co_await exporter.run();                                        // until stop()
///
///     otlp::metrics_exporter numbers(loop.get_executor(), monitoring::default_metrics());
///     co_await numbers.run();
///
///     otlp::logs_exporter lines(loop.get_executor());
///     logging::default_pipeline().add_output({.records = lines.records()});
///     co_await lines.run();
///
/// infra::app does this by itself.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/http_message.hpp>
#include <infra/logging/record_sink.hpp>
#include <infra/monitoring/metrics.hpp>
#include <infra/monitoring/tracer.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace infra::otlp {

/// What speaks: attributes of everything that is sent.
using resource = std::vector<std::pair<std::string, std::string>>;

struct options {
    /// Where spans go, as it is: `http://localhost:4318/v1/traces`.
    std::string traces_url = "http://localhost:4318/v1/traces";
    http::headers headers{};                                      ///< of each request: keys, tenants
    otlp::resource resource{{"service.name", "unknown_service"}}; ///< who sends

    /// Send gzip: far fewer bytes, for some processor time.
    bool compress = false;
    /// For one request. Greater than zero.
    std::chrono::milliseconds timeout = std::chrono::seconds(10);
    /// For one batch with all its repetitions; then it is dropped. Greater than zero.
    std::chrono::milliseconds export_timeout = std::chrono::seconds(30);

    // --- Tuning ---

    /// Spans that wait; the next are dropped and counted. More ride out a longer outage and take more memory. At least 1.
    std::size_t max_queue = 2048;
    /// Spans of one request, from 1 to max_queue. So many that wait are sent at once.
    std::size_t max_batch = 512;
    /// How long fewer wait. Shorter shows spans sooner and sends more requests. Greater than zero.
    std::chrono::milliseconds schedule_delay = std::chrono::seconds(5);
};

/// OpenTelemetry's variables: OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (which is taken as it is),
/// …_HEADERS, …_TIMEOUT, …_PROTOCOL (`http/json`), …_COMPRESSION (`gzip`, `none`), OTEL_SERVICE_NAME,
/// OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BSP_EXPORT_TIMEOUT (numbers are milliseconds).
///
/// Empty without an endpoint, with OTEL_SDK_DISABLED=true and with OTEL_TRACES_EXPORTER=none. Throws errc::misconfigured
/// for what cannot be read. `service` is the name where the environment gives none.
std::optional<options> options_from(const environment& env, std::string service = "unknown_service");

/// Throws std::invalid_argument naming the field. The exporter's constructor does it.
void validate(const options& o);

/// Batches ended spans and sends them.
///
/// A batch is sent again after 429, 502, 503, 504 or no answer, with growing, jittered delays, or as Retry-After says;
/// never after anything else, nor where the collector took a part. What is given up is counted in
/// `otlp_spans_dropped_total{reason}`, what arrived in `otlp_spans_sent_total`; an outage is logged once, and its end. The
/// exporter's own requests make no spans, metrics or log lines.
///
/// Threads:  spans() and its sink from any thread; run() and stop() from any loop; the work is done on the executor's.
/// Errors:   run() and stop() throw nothing of the collector's.
/// Cancel:   run(): terminal; what is queued stays, and is sent by no one.
/// Lifetime: the loop must outlive it. Destruction does not block, and drops what is queued.
class exporter {
public:
    /// Opens nothing yet. `time` decides when to send and must outlive the exporter.
    exporter(executor ex, options o, clock& time = real_clock());
    ~exporter();
    exporter(const exporter&) = delete;
    exporter& operator=(const exporter&) = delete;

    /// For tracer::send_to. May outlive the exporter, and then drops.
    std::shared_ptr<monitoring::span_sink> spans() const;

    /// Sends until stopped. Once.
    awaitable<void> run();

    /// Sends what is queued, once more without waiting where the collector was away, until `limit`; then run() returns.
    awaitable<void> stop(deadline limit);

private:
    class state;
    std::unique_ptr<state> state_;
};

/// Spans as the exporter sends them, an ExportTraceServiceRequest in JSON: for a file that others can read.
std::string traces_json(std::span<const std::shared_ptr<const monitoring::span_record>> spans, const resource& of);

// --- Metrics --------------------------------------------------------------------------------------------------------

struct metrics_options {
    /// Where metrics go, as it is.
    std::string url = "http://localhost:4318/v1/metrics";
    http::headers headers{};                                      ///< of each request: keys, tenants
    otlp::resource resource{{"service.name", "unknown_service"}}; ///< who sends
    bool compress = false;                                        ///< send gzip
    /// For one request. Greater than zero.
    std::chrono::milliseconds timeout = std::chrono::seconds(10);
    /// For one request with all its repetitions; then what it carried is dropped. Greater than zero.
    std::chrono::milliseconds export_timeout = std::chrono::seconds(30);

    // --- Tuning ---

    /// Between a look at the metrics and the next. Shorter shows more and sends more. Greater than zero.
    std::chrono::milliseconds interval = std::chrono::minutes(1);
    /// Series of one request; what is more is sent in several, one after the other. Fewer keep the loop free for others
    /// while they are written. At least 1.
    std::size_t max_points = 2000;
};

/// The same variables, with METRICS in place of TRACES; and OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT
/// (milliseconds). Empty also where OTEL_METRICS_EXPORTER does not name `otlp`.
std::optional<metrics_options> metrics_options_from(const environment& env, std::string service = "unknown_service");

void validate(const metrics_options& o);

/// Looks at metrics once an interval, and at the end, and sends what it sees: names and units are those of /metrics,
/// counters and histograms say what came together since they were zero (cumulative temporality).
///
/// What is said of `exporter` holds here, too: repetitions, one line for an outage, silence of its own requests. The
/// counters are `otlp_metric_points_sent_total` and `otlp_metric_points_dropped_total{reason}`; what is dropped is
/// contained in the next look.
///
/// Threads:  run() and stop() from any loop; the work is done on the executor's.
/// Errors:   run() and stop() throw nothing of the collector's.
/// Cancel:   run(): terminal; nothing more is sent.
/// Lifetime: the loop and the metrics must outlive it, and its run(). Destruction does not block.
class metrics_exporter {
public:
    metrics_exporter(executor ex, const monitoring::metrics& from, metrics_options o = {}, clock& time = real_clock());
    ~metrics_exporter();
    metrics_exporter(const metrics_exporter&) = delete;
    metrics_exporter& operator=(const metrics_exporter&) = delete;

    /// Sends until stopped. Once.
    awaitable<void> run();

    /// Looks and sends once more, without waiting where the collector was away, until `limit`; then run() returns.
    awaitable<void> stop(deadline limit);

private:
    class state;
    std::unique_ptr<state> state_;
};

// --- Logs -----------------------------------------------------------------------------------------------------------

struct logs_options {
    /// Where lines go, as it is.
    std::string url = "http://localhost:4318/v1/logs";
    http::headers headers{};                                      ///< of each request: keys, tenants
    otlp::resource resource{{"service.name", "unknown_service"}}; ///< who sends
    bool compress = false;                                        ///< send gzip
    /// For one request. Greater than zero.
    std::chrono::milliseconds timeout = std::chrono::seconds(10);
    /// For one batch with all its repetitions; then it is dropped. Greater than zero.
    std::chrono::milliseconds export_timeout = std::chrono::seconds(30);

    // --- Tuning ---

    /// Lines that wait; the next are refused and counted. More ride out a longer outage and take more memory. At least 1.
    std::size_t max_queue = 2048;
    /// Bytes of their texts that wait, likewise: 2048 lines may be long ones. At least 1.
    std::size_t max_queue_bytes = 16 << 20;
    /// Lines of one request, from 1 to max_queue; fewer where they have more than 4 MiB together. So many that wait are sent
    /// at once.
    std::size_t max_batch = 512;
    /// How long fewer wait. Shorter shows lines sooner and sends more requests. Greater than zero.
    std::chrono::milliseconds schedule_delay = std::chrono::seconds(1);
};

/// The same variables, with LOGS in place of TRACES; and OTEL_BLRP_SCHEDULE_DELAY, OTEL_BLRP_MAX_QUEUE_SIZE,
/// OTEL_BLRP_MAX_EXPORT_BATCH_SIZE, OTEL_BLRP_EXPORT_TIMEOUT. Empty also where OTEL_LOGS_EXPORTER does not name `otlp`.
std::optional<logs_options> logs_options_from(const environment& env, std::string service = "unknown_service");

void validate(const logs_options& o);

/// Batches the lines of a logging pipeline and sends them: a line's module is its scope, its message the body, its fields
/// the attributes, with the ids of its span.
///
/// What is said of `exporter` holds here, too. The counters are `otlp_log_records_sent_total` and
/// `otlp_log_records_dropped_total{reason}`. What the queue cannot hold is lost as with any sink that refuses it: the pipeline
/// counts it, says so on stderr, and here once there is room. Lines of the module `otlp` are left to the other outputs: what
/// is said of an outage is not to be sent where it is.
///
/// Threads:  records() and its sink from any thread; run() and stop() from any loop; the work is done on the executor's.
/// Errors:   run() and stop() throw nothing of the collector's.
/// Cancel:   run(): terminal; what is queued stays, and is sent by no one.
/// Fork:     the child's lines are not sent: the loop that does so is the parent's.
/// Lifetime: the loop must outlive it. Destruction does not block, and drops what is queued. At the end of a process only
///           stop() sends what is left: pipeline::flush() first, which puts what was logged into the queue.
class logs_exporter {
public:
    /// Opens nothing yet. `time` decides when to send and must outlive the exporter and its sink.
    explicit logs_exporter(executor ex, logs_options o = {}, clock& time = real_clock());
    ~logs_exporter();
    logs_exporter(const logs_exporter&) = delete;
    logs_exporter& operator=(const logs_exporter&) = delete;

    /// For an output of a pipeline. Closed once the exporter was stopped or destroyed.
    std::shared_ptr<logging::record_sink> records() const;

    /// Sends until stopped. Once.
    awaitable<void> run();

    /// Sends what is queued, once more without waiting where the collector was away, until `limit`; then run() returns.
    awaitable<void> stop(deadline limit);

private:
    class state;
    std::unique_ptr<state> state_;
};

} // namespace infra::otlp
