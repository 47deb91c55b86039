#include <infra/health/report.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <stdexcept>

namespace infra::health {
namespace {

/// With three places: a microsecond is more than anybody asks of a probe.
double milliseconds(std::chrono::nanoseconds d) { return std::round(static_cast<double>(d.count()) / 1e3) / 1e3; }

std::string text_of(wall_time t) {
    const auto text = format_rfc3339(t);
    return {text.data(), text.size()};
}

std::string_view status_of(const check_report& check) noexcept {
    return check.skipped ? "skipped" : to_string(check.status);
}

void add_details(json::object& out, const check_report& check) {
    if (!check.message.empty())
        out["message"] = check.message;
    if (!check.details.empty())
        out["details"] = check.details;
    if (!check.skipped)
        out["latency_ms"] = milliseconds(check.latency);
    if (check.age.count() > 0)
        out["age_ms"] = milliseconds(check.age);
    if (check.running_for)
        out["running_for_ms"] = milliseconds(*check.running_for);
    if (check.last_success)
        out["last_success"] = text_of(*check.last_success);
    if (check.last_failure)
        out["last_failure"] = text_of(*check.last_failure);
    if (check.failures > 0)
        out["failures"] = check.failures;
}

json::object to_json(const check_report& check, report_detail detail) {
    json::object out{{"status", status_of(check)}};
    if (detail == report_detail::full)
        add_details(out, check);
    return out;
}

} // namespace

std::string_view to_string(health_status status) noexcept {
    switch (status) {
    case health_status::healthy: return "healthy";
    case health_status::degraded: return "degraded";
    case health_status::unhealthy: break;
    }
    return "unhealthy";
}

std::ostream& operator<<(std::ostream& out, health_status status) { return out << to_string(status); }

check_result healthy(std::string message) { return {.status = health_status::healthy, .message = std::move(message)}; }
check_result degraded(std::string message) {
    return {.status = health_status::degraded, .message = std::move(message)};
}
check_result unhealthy(std::string message) {
    return {.status = health_status::unhealthy, .message = std::move(message)};
}

check_list::const_iterator check_list::find(std::string_view name) const noexcept {
    return std::ranges::find(list_, name, [](const value_type& each) -> std::string_view { return each.first; });
}

const check_report& check_list::at(std::string_view name) const {
    const auto found = find(name);
    if (found == end())
        throw std::out_of_range("health: the report has no check `" + std::string(name) + "`");
    return found->second;
}

int health_report::http_status(http_statuses codes) const noexcept {
    switch (status) {
    case health_status::healthy: return codes.healthy;
    case health_status::degraded: return codes.degraded;
    case health_status::unhealthy: break;
    }
    return codes.unhealthy;
}

json::object health_report::to_json(report_detail detail) const {
    json::object each;
    for (const auto& [name, check] : checks)
        each[name] = health::to_json(check, detail);
    json::object out{{"status", to_string(status)},
                     {"checks", std::move(each)},
                     {"timestamp", text_of(timestamp)},
                     {"uptime_seconds", std::chrono::floor<std::chrono::seconds>(uptime).count()}};
    if (partial)
        out["partial"] = true;
    return out;
}

} // namespace infra::health
