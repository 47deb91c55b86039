#include "client_metrics.hpp"

namespace infra::http {
namespace {

constexpr telemetry::instrument requests{.kind = telemetry::instrument_kind::counter,
                                         .name = "http_client_requests_total",
                                         .help = "HTTP requests sent, by the status of the answer or the failure."};
constexpr telemetry::instrument durations{.kind = telemetry::instrument_kind::histogram,
                                          .name = "http_client_request_duration_seconds",
                                          .help = "Time from send() to the whole response or the failure."};

} // namespace

std::string status_label(int status) {
    return reason_phrase(status).empty() ? std::to_string(status / 100) + "xx" : std::to_string(status);
}

std::string_view client_metrics::label_of(const std::string& host) {
    if (hosts_.size() < max_hosts || hosts_.contains(host))
        return *hosts_.insert(host).first;
    return "(other)";
}

void client_metrics::count(method m, const std::string& host, std::string_view status, std::chrono::nanoseconds took) {
    const std::scoped_lock lock(mutex_);
    const auto label = label_of(host);
    const auto verb = to_string(m);
    auto& [took_series, by_status] = series_[{m, std::string(label)}];
    auto found = by_status.find(status);
    if (by_status.empty())
        took_series = telemetry::series(durations, {{"method", verb}, {"host", label}});
    if (found == by_status.end()) {
        const telemetry::series made(requests, {{"method", verb}, {"host", label}, {"status", status}});
        found = by_status.emplace(status, made).first;
    }
    found->second.add();
    took_series.record(std::chrono::duration<double>(took).count());
}

} // namespace infra::http
