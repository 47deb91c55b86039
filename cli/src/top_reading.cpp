#include "top_reading.hpp"

#include "prometheus_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace infra::cli::top {
namespace {

constexpr std::size_t most_listed = 1'000; // routes and queues: labels come from elsewhere

// Sums of what is greater need not be finite, and then neither curves nor JSON have a place for them. Nothing real comes there.
bool is_sane(double n) { return std::abs(n) <= 1e18; }

// --- metrics ------------------------------------------------------------------------------------------------------

// What operators ask is no load of the service's own, and this command is one of them.
bool is_of_operators(std::string_view route) {
    return route == "/metrics" || route == "/health" || route == "/ready" || route == "/live" || route == "/infra" ||
           route.starts_with("/infra/");
}

bool has_class(const metric_sample& of, char first) { return of.label("status").starts_with(first); }

using filter = bool (*)(const metric_sample&);
bool any(const metric_sample&) { return true; }
bool own(const metric_sample& s) { return !is_of_operators(s.label("route")); }
bool own_4xx(const metric_sample& s) { return own(s) && has_class(s, '4'); }
bool own_5xx(const metric_sample& s) { return own(s) && has_class(s, '5'); }
bool hit(const metric_sample& s) { return s.label("result") != "miss"; }
bool miss(const metric_sample& s) { return s.label("result") == "miss"; }
bool not_ok(const metric_sample& s) { return s.label("status") != "ok"; }
bool warning(const metric_sample& s) { return s.label("level") == "warn"; }
bool error(const metric_sample& s) { return s.label("level") == "error"; }

struct counter_rule {
    std::string_view metric;
    counted into;
    filter fits = any;
};

constexpr counter_rule counter_rules[] = {
    {"http_server_requests_total", counted::requests, own},
    {"http_server_requests_total", counted::client_errors, own_4xx},
    {"http_server_requests_total", counted::server_errors, own_5xx},
    {"queue_jobs_completed_total", counted::jobs_finished},
    {"queue_jobs_failed_total", counted::jobs_failed},
    {"emails_sent_total", counted::mails_sent},
    {"emails_failed_total", counted::mails_failed},
    {"realtime_published_total", counted::published},
    {"realtime_deliveries_total", counted::deliveries},
    {"realtime_dropped_total", counted::dropped},
    {"cache_requests_total", counted::cache_hits, hit},
    {"cache_requests_total", counted::cache_misses, miss},
    {"storage_requests_total", counted::storage_calls},
    {"storage_requests_total", counted::storage_failures, not_ok},
    {"log_lines_total", counted::log_lines},
    {"log_lines_total", counted::log_warnings, warning},
    {"log_lines_total", counted::log_errors, error},
    {"process_cpu_seconds_total", counted::cpu_seconds},
};

struct gauge_rule {
    std::string_view metric;
    measured into;
};

constexpr gauge_rule gauge_rules[] = {
    {"process_start_time_seconds", measured::started},
    {"process_resident_memory_bytes", measured::resident_bytes},
    {"process_open_fds", measured::open_files},
    {"process_max_fds", measured::most_files},
    {"process_threads", measured::threads},
    {"realtime_connections", measured::sockets},
    {"cache_stored_bytes", measured::cached_bytes},
};

double bound_of(const metric_sample& s) {
    double bound = std::numeric_limits<double>::quiet_NaN();
    read_metrics("le " + std::string(s.label("le")), [&](const metric_sample& each) { bound = each.value; });
    return bound;
}

void add_bucket(buckets& to, const metric_sample& s) {
    if (const auto bound = bound_of(s); is_sane(bound) || bound == std::numeric_limits<double>::infinity())
        to[bound] += s.value;
}

template <class T>
T* listed(std::map<std::string, T>& all, std::string name) {
    const auto found = all.find(name);
    if (found != all.end())
        return &found->second;
    return all.size() < most_listed ? &all[std::move(name)] : nullptr;
}

route_reading* route_of(reading& to, const metric_sample& s) {
    if (!own(s))
        return nullptr;
    return listed(to.routes, std::string(s.label("method")) + " " + std::string(s.label("route")));
}

void add_requests(reading& to, const metric_sample& s) {
    if (auto* route = route_of(to, s)) {
        route->requests += s.value;
        route->errors += has_class(s, '5') ? s.value : 0;
    }
}

void add_duration(reading& to, const metric_sample& s) {
    if (auto* route = route_of(to, s)) {
        add_bucket(route->durations, s);
        add_bucket(to.durations, s);
    }
}

void add_lag(reading& to, const metric_sample& s) { add_bucket(to.lag, s); }

template <double queue_reading::* Member>
void add_to_queue(reading& to, const metric_sample& s) {
    if (auto* queue = listed(to.queues, std::string(s.label("queue"))))
        queue->*Member += s.value;
}

void add_build(reading& to, const metric_sample& s) { to.infra_version = s.label("version"); }

using detail_rule = void (*)(reading&, const metric_sample&);

// By name, since most samples are of no interest here.
const std::unordered_map<std::string_view, detail_rule>& detail_rules() {
    static const std::unordered_map<std::string_view, detail_rule> all{
        {"http_server_requests_total", add_requests},
        {"http_server_request_duration_seconds_bucket", add_duration},
        {"event_loop_lag_seconds_bucket", add_lag},
        {"queue_waiting_jobs", add_to_queue<&queue_reading::waiting>},
        {"queue_oldest_waiting_seconds", add_to_queue<&queue_reading::oldest_seconds>},
        {"queue_jobs_completed_total", add_to_queue<&queue_reading::finished>},
        {"queue_jobs_failed_total", add_to_queue<&queue_reading::failing>},
        {"infra_build_info", add_build},
    };
    return all;
}

void add_sample(reading& to, const metric_sample& s) {
    if (!is_sane(s.value))
        return;
    for (const auto& rule : counter_rules)
        if (rule.metric == s.name && rule.fits(s))
            to.counters[static_cast<std::size_t>(rule.into)] += s.value;
    for (const auto& rule : gauge_rules)
        if (rule.metric == s.name) {
            auto& gauge = to.gauges[static_cast<std::size_t>(rule.into)];
            gauge = gauge.value_or(0) + s.value;
        }
    if (const auto found = detail_rules().find(s.name); found != detail_rules().end())
        found->second(to, s);
}

// --- documents ----------------------------------------------------------------------------------------------------

const json::value* member(const json::value& of, std::string_view name) {
    const auto* object = of.if_object();
    return object ? object->if_contains(name) : nullptr;
}

std::string text(const json::value& of, std::string_view name) {
    const auto* found = member(of, name);
    return found && found->is_string() ? std::string(found->get_string()) : "";
}

std::optional<double> number(const json::value& of, std::string_view name) {
    const auto* found = member(of, name);
    boost::system::error_code none;
    const auto value = found && found->is_number() ? found->to_number<double>(none) : 0;
    return found && found->is_number() && is_sane(value) ? std::optional(value) : std::nullopt;
}

bool flag(const json::value& of, std::string_view name) {
    const auto* found = member(of, name);
    return found && found->is_bool() && found->get_bool();
}

const json::array& list(const json::value& of, std::string_view name) {
    static const json::array none;
    const auto* found = member(of, name);
    return found && found->is_array() ? found->get_array() : none;
}

void keep_if_said(std::string& to, std::string said) {
    if (!said.empty())
        to = std::move(said);
}

} // namespace

bool add_metrics(reading& to, std::string_view text) {
    bool any_sample = false;
    read_metrics(text, [&](const metric_sample& each) {
        any_sample = true;
        add_sample(to, each);
    });
    return any_sample;
}

void add_health(reading& to, int status, const json::value& document) {
    to.status = text(document, "status");
    if (to.status.empty())
        to.status = status >= 200 && status < 300 ? "healthy" : "unhealthy";
    keep_if_said(to.service, text(document, "service"));
    keep_if_said(to.version, text(document, "version"));
    to.uptime_seconds = number(document, "uptime_seconds");
    const auto* checks = member(document, "checks");
    if (!checks || !checks->is_object())
        return;
    for (const auto& [name, each] : checks->get_object())
        to.checks.push_back({std::string(name), text(each, "status"), text(each, "message")});
}

void add_session(reading& to, const json::value& document) {
    keep_if_said(to.service, text(document, "service"));
    keep_if_said(to.version, text(document, "version"));
}

void add_overview(reading& to, const json::value& document) {
    for (const auto& each : list(document, "concerns"))
        to.concerns.push_back({text(each, "severity"), text(each, "text"), number(each, "count").value_or(0)});
}

void add_checks(reading& to, const json::value& document) {
    const auto& all = list(document, "checks");
    if (all.empty())
        return;
    to.checks.clear();
    for (const auto& each : all)
        to.checks.push_back({text(each, "name"), text(each, "status"), text(each, "message")});
}

void add_queues(reading& to, const json::value& document, double now) {
    for (const auto& each : list(document, "items")) {
        auto* queue = listed(to.queues, text(each, "name"));
        if (!queue)
            continue;
        queue->waiting = number(each, "waiting").value_or(queue->waiting);
        const auto oldest = number(each, "oldest");
        queue->oldest_seconds = oldest ? std::max(0.0, now - *oldest) / 1000 : 0;
        queue->active = number(each, "active");
        queue->delayed = number(each, "delayed");
        queue->failed = number(each, "failed");
        queue->workers = number(each, "workers");
        queue->paused = flag(each, "paused");
    }
}

void add_channels(reading& to, const json::value& document) {
    to.channels = list(document, "items").size();
    to.more_channels = !text(document, "next").empty();
}

} // namespace infra::cli::top
