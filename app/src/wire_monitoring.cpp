#include "wiring.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/otlp.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/metrics.hpp>

namespace infra::app {
namespace {

// Into the exporter's queue. A sink that hangs costs neither the loop nor the time to send what is queued.
awaitable<void> flush_log(deadline limit) {
    co_await default_blocking_pool().run([limit] { logging::flush(limit); });
}

awaitable<void> stop_logs(std::shared_ptr<otlp::logs_exporter> exporter, deadline limit) {
    const auto half = deadline::after(limit.remaining(std::chrono::steady_clock::now()) / 2);
    try {
        co_await with_deadline(flush_log(half), half);
    } catch (const boost::system::system_error&) { // what is in the queue is sent all the same
    }
    co_await exporter->stop(limit);
}

// Wired first, so that it is stopped last: what the others say while they end is sent, too.
void send_logs(wiring& w) {
    auto options = otlp::logs_options_from(w.env, w.options.name);
    if (!options)
        return;
    if (!w.options.version.empty())
        options->resource.emplace_back("service.version", w.options.version);
    w.chosen.push_back({.module = "logs", .backend = encoding::shown_url(options->url)});
    const auto exporter = std::make_shared<otlp::logs_exporter>(default_executor(), *std::move(options));
    logging::default_pipeline().add_output({.records = exporter->records()});
    w.parts.push_back({.name = "otlp logs",
                       .run = [exporter] { return exporter->run(); },
                       .stop = [exporter](deadline limit) { return stop_logs(exporter, limit); }});
}

// Wired early, so that it is stopped late: the spans of what stops before it are sent, too.
void send_traces(wiring& w) {
    auto options = otlp::options_from(w.env, w.options.name);
    if (!options)
        return;
    if (!w.options.version.empty())
        options->resource.emplace_back("service.version", w.options.version);
    w.chosen.push_back({.module = "traces", .backend = encoding::shown_url(options->traces_url)});
    const auto exporter = std::make_shared<otlp::exporter>(default_executor(), *std::move(options));
    monitoring::default_tracer().send_to(exporter->spans());
    w.parts.push_back({.name = "otlp",
                       .run = [exporter] { return exporter->run(); },
                       .stop = [exporter](deadline limit) { return exporter->stop(limit); }});
}

// The last look sees what was counted until then, for the same reason.
void send_metrics(wiring& w) {
    auto options = otlp::metrics_options_from(w.env, w.options.name);
    if (!options)
        return;
    if (!w.options.version.empty())
        options->resource.emplace_back("service.version", w.options.version);
    w.chosen.push_back({.module = "metrics", .backend = encoding::shown_url(options->url)});
    const auto exporter = std::make_shared<otlp::metrics_exporter>(default_executor(), monitoring::default_metrics(),
                                                                   *std::move(options));
    w.parts.push_back({.name = "otlp metrics",
                       .run = [exporter] { return exporter->run(); },
                       .stop = [exporter](deadline limit) { return exporter->stop(limit); }});
}

} // namespace

void wire_monitoring(wiring& w) {
    monitoring::install();
    w.routes.get("/metrics", [](const http::request& req) {
        auto exposed = monitoring::expose(req.header("accept"), req.header("accept-encoding"));
        auto response = http::response::of(200, exposed.content_type, std::move(exposed.body));
        response.headers.set("Cache-Control", "no-store");
        response.headers.set("Vary", "Accept, Accept-Encoding");
        if (!exposed.content_encoding.empty())
            response.headers.set("Content-Encoding", exposed.content_encoding);
        return response;
    });
    w.chosen.push_back({.module = "monitoring", .backend = "in process, /metrics"});
    monitoring::default_metrics().before_scrape(&report_runtime);
    send_logs(w);
    send_traces(w);
    send_metrics(w);
}

} // namespace infra::app
