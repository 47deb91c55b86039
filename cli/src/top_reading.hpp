#pragma once

/// One look at a running service: what `infra top` takes from its answers. Pure.
///
///     reading now{.at = steady_clock::now()};
///     add_metrics(now, body_of_metrics);
///     add_health(now, document_of_health);

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli::top {

/// What only grows while a process lives: of interest is how fast.
enum class counted : std::size_t {
    requests, ///< of all but probes, scrapes and the pages of operators
    client_errors,
    server_errors,
    jobs_finished,
    jobs_failed,
    mails_sent,
    mails_failed,
    published,
    deliveries,
    dropped,
    cache_hits,
    cache_misses,
    storage_calls,
    storage_failures,
    log_lines,
    log_warnings,
    log_errors,
    cpu_seconds,
};
inline constexpr std::size_t counted_kinds = 18;

/// What is so much now.
enum class measured : std::size_t {
    started, ///< seconds since 1970
    resident_bytes,
    open_files,
    most_files,
    threads,
    sockets,
    cached_bytes,
};
inline constexpr std::size_t measured_kinds = 7;

/// The buckets of a histogram, as a scrape has them: how many values were at most the bound. Those of several series are added up.
using buckets = std::map<double, double>;

struct route_reading {
    double requests = 0;
    double errors = 0; ///< 5xx
    buckets durations;
};

struct queue_reading {
    double waiting = 0;
    double oldest_seconds = 0;
    double finished = 0; ///< ever, by this process
    double failing = 0;  ///< the same
    // What only operators are told.
    std::optional<double> active, delayed, failed, workers;
    bool paused = false;
};

struct check_reading {
    std::string name, status, message;
};

struct concern_reading {
    std::string severity, text;
    double count = 0;
};

struct reading {
    steady_time at{};

    std::array<double, counted_kinds> counters{};
    std::array<std::optional<double>, measured_kinds> gauges{};
    buckets durations{}, lag{};
    std::map<std::string, route_reading> routes{}; ///< "GET /orders/{id}"
    std::map<std::string, queue_reading> queues{};

    std::string service{}, version{}, infra_version{};
    std::string status{}; ///< "healthy", "degraded", "unhealthy"; empty when it could not be asked
    std::optional<double> uptime_seconds{};
    std::vector<check_reading> checks{};

    std::vector<concern_reading> concerns{};
    std::optional<std::size_t> channels{};
    bool more_channels = false;
    std::string note{}; ///< why something is not known

    double counter(counted of) const { return counters[static_cast<std::size_t>(of)]; }
    std::optional<double> gauge(measured of) const { return gauges[static_cast<std::size_t>(of)]; }
};

/// The answer of /metrics. False where it holds no sample at all.
bool add_metrics(reading& to, std::string_view text);

/// The answer of /health, whatever its status.
void add_health(reading& to, int status, const json::value& document);

// Of the dashboard's API, for operators:

void add_session(reading& to, const json::value& document);
void add_overview(reading& to, const json::value& document);
/// Has the reasons that /health keeps to itself.
void add_checks(reading& to, const json::value& document);
/// `now` is the service's, in milliseconds.
void add_queues(reading& to, const json::value& document, double now);
void add_channels(reading& to, const json::value& document);

} // namespace infra::cli::top
