#include <infra/health/report.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <stdexcept>

namespace infra::health {
namespace {

/// With three places: a microsecond is more than anybody asks of a probe.
double milliseconds(std::chrono::nanoseconds d) { return std::round(static_cast<double>(d.count()) / 1e3) / 1e3; }

json::object to_json(const check_report& check) {
    json::object out{{"status", to_string(check.status)}};
    if (!check.message.empty())
        out["message"] = check.message;
    if (!check.details.empty())
        out["details"] = check.details;
    out["latency_ms"] = milliseconds(check.latency);
    if (check.age.count() > 0)
        out["age_ms"] = milliseconds(check.age);
    if (check.running_for)
        out["running_for_ms"] = milliseconds(*check.running_for);
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

json::object health_report::to_json() const {
    json::object each;
    for (const auto& [name, check] : checks)
        each[name] = health::to_json(check);
    const auto time = format_rfc3339(timestamp);
    json::object out{{"status", to_string(status)},
                     {"checks", std::move(each)},
                     {"timestamp", std::string_view(time.data(), time.size())},
                     {"uptime_seconds", std::chrono::floor<std::chrono::seconds>(uptime).count()}};
    if (partial)
        out["partial"] = true;
    return out;
}

} // namespace infra::health
