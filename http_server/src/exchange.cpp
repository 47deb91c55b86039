#include "exchange.hpp"

#include <infra/base/propagation.hpp>

namespace infra::http::detail {
namespace {

// The OpenTelemetry conventions' bounds for http.server.request.duration.
constexpr double duration_buckets[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};

constexpr telemetry::instrument requests_total{.kind = telemetry::instrument_kind::counter,
                                               .name = "http_server_requests_total",
                                               .help = "Requests answered, by route pattern."};
constexpr telemetry::instrument request_duration{.kind = telemetry::instrument_kind::histogram,
                                                 .name = "http_server_request_duration_seconds",
                                                 .help = "From a complete request to its response.",
                                                 .buckets = duration_buckets};

void write_access_log(const exchange& e, std::uint64_t body_bytes, steady_time::duration took) {
    telemetry::log(level::info, "http", "request",
                   {{"method", to_string(e.method)},
                    {"route", e.route_label()},
                    {"path", e.path},
                    {"status", e.status},
                    {"duration_ms", took},
                    {"bytes", body_bytes},
                    {"remote", e.remote},
                    {"request_id", e.request_id}});
}

} // namespace

std::string_view exchange::span_name() const noexcept {
    if (!route)
        return to_string(method);
    return route->method == method ? std::string_view(route->span_name) : route->head_span_name;
}

infra::context context_of(const request& r, const std::string& request_id) {
    const auto& headers = r.headers();
    const auto value = [&headers](std::string_view name) { return std::string(headers.get(name).value_or("")); };
    const auto joined = [&headers](std::string_view name) {
        std::string out;
        for (const auto each : headers.get_all(name))
            out.append(out.empty() ? "" : ",").append(each);
        return out;
    };
    const bool once = headers.get_all("Traceparent").size() < 2;
    return extract({.traceparent = once ? value("Traceparent") : "",
                    .tracestate = joined("Tracestate"),
                    .baggage = joined("Baggage")},
                   infra::context::current().with_span({}))
        .with_request_id(request_id);
}

void describe_request(telemetry::span& span, const exchange& e, const request& r) {
    if (!span.recording())
        return;
    span.set({{"http.request.method", to_string(e.method)},
              {"http.route", e.route_label()},
              {"url.path", r.path()},
              {"url.scheme", r.scheme()},
              {"server.address", r.host()},
              {"client.address", r.remote_address()},
              {"network.protocol.version", r.version() == 1 ? "1.1" : "1.0"},
              {"user_agent.original", r.header("User-Agent")}});
}

void describe_response(telemetry::span& span, int status) {
    if (!span.recording())
        return;
    span.set({{"http.response.status_code", status}});
    if (status >= 500) {
        span.set({{"error.type", std::to_string(status)}});
        span.fail(reason_phrase(status));
    }
}

reporter::reporter(std::size_t routes, bool access_log) : routes_(routes + 1), access_log_(access_log) {}

void reporter::finished(const exchange& e, std::uint64_t body_bytes, steady_time now) {
    const auto took = now - e.began;
    auto& series = series_of(e);
    requests_of(series, e).add();
    series.duration.record(std::chrono::duration<double>(took).count());
    if (access_log_)
        write_access_log(e, body_bytes, took);
}

reporter::by_method& reporter::series_of(const exchange& e) {
    auto& place = routes_[e.route ? e.route->number + 1 : 0][static_cast<std::size_t>(e.method)];
    if (!place)
        place = std::make_unique<by_method>(by_method{
            telemetry::series(request_duration, {{"method", to_string(e.method)}, {"route", e.route_label()}}), {}});
    return *place;
}

const telemetry::series& reporter::requests_of(by_method& of, const exchange& e) {
    for (const auto& [known, series] : of.requests)
        if (known == e.status)
            return series;
    const auto text = std::to_string(e.status);
    telemetry::series made(requests_total,
                           {{"method", to_string(e.method)}, {"route", e.route_label()}, {"status", text}});
    return of.requests.emplace_back(e.status, std::move(made)).second;
}

} // namespace infra::http::detail
