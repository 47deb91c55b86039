#pragma once

/// Metrics and traces.
///
///     increment("http_requests_total", {{"method", "GET"}, {"status", 200}});
///     gauge("queue_depth", jobs.size());
///     observe("charge_seconds", 0.150, {{"provider", "x"}});
///     const auto answer = expose(request.header("accept"), request.header("accept-encoding"));   // /metrics
///
///     monitoring::span work("charge", {.attributes = {{"order", 17}}});
///
/// The functions here use default_metrics() and default_tracer(), which are made at first use and then also take what
/// the library's own rooms report. They never throw but for lack of memory, unless it says so.

#include <infra/monitoring/labels.hpp>
#include <infra/monitoring/metrics.hpp>
#include <infra/monitoring/tracer.hpp>

namespace infra::monitoring {

/// With process_* and infra_build_info. Never destroyed, so static destructors may count.
metrics& default_metrics();

/// Its options are those of tracer_options_from(environment::of_process()); what cannot be read is logged and the defaults
/// taken.
tracer& default_tracer();

/// Makes both and installs them.
void install();

inline void increment(std::string_view name, labels with = {}) { default_metrics().increment(name, with); }
template <number N>
void increment(std::string_view name, N by, labels with = {}) {
    default_metrics().increment(name, by, with);
}
template <number N>
void gauge(std::string_view name, N value, labels with = {}) {
    default_metrics().gauge(name, value, with);
}
template <number N>
void observe(std::string_view name, N value, labels with = {}) {
    default_metrics().observe(name, value, with);
}

/// Throw std::invalid_argument for a name or label that cannot be. A class cannot share the function `gauge`'s name, so
/// handles are called after what they hold.
[[nodiscard]] inline counter_series bind_counter(std::string_view name, labels with = {}, std::string_view help = {}) {
    return default_metrics().bind_counter(name, with, help);
}
[[nodiscard]] inline gauge_series bind_gauge(std::string_view name, labels with = {}, std::string_view help = {}) {
    return default_metrics().bind_gauge(name, with, help);
}
[[nodiscard]] inline histogram_series bind_histogram(std::string_view name, labels with = {},
                                                     histogram_options options = {}) {
    return default_metrics().bind_histogram(name, with, std::move(options));
}

inline std::optional<double> get_counter(std::string_view name, labels with = {}) {
    return default_metrics().get_counter(name, with);
}
inline std::optional<double> get_gauge(std::string_view name, labels with = {}) {
    return default_metrics().get_gauge(name, with);
}
inline std::optional<histogram_value> get_histogram(std::string_view name, labels with = {}) {
    return default_metrics().get_histogram(name, with);
}
inline std::vector<metric_value> get_all_metrics() { return default_metrics().get_all_metrics(); }
inline void clear_metrics() { default_metrics().clear(); }
inline exposition expose(std::string_view accept = {}, std::string_view accept_encoding = {}) {
    return default_metrics().expose(accept, accept_encoding);
}

// --- spans by id, for code that cannot hold an object ---------------------------------------------------------------

/// Starts a span below the active one and makes it active. It stays open until end_span(id); of more than 10 000 open
/// ones the oldest is ended.
[[nodiscard]] span_context start_span(std::string_view name, const span_options& options = {});

/// Ends it, on any thread and in any order; where it was the active one, the one before is again. False if no such span
/// is open.
bool end_span(std::string_view id);

/// False if no such span is open.
bool set_span_attributes(std::string_view id, fields attributes);

/// The active span, also one that another room or RAII object started; empty outside of any.
std::optional<span_context> get_active_span();

} // namespace infra::monitoring
