#include "accept.hpp"

#include <infra/health/http_answer.hpp>

#include <chrono>
#include <string>

namespace infra::health {
namespace {

std::string_view draft_status(health_status status) noexcept {
    switch (status) {
    case health_status::healthy: return "pass";
    case health_status::degraded: return "warn";
    case health_status::unhealthy: break;
    }
    return "fail";
}

std::string rfc3339(wall_time t) {
    const auto text = format_rfc3339(t);
    return {text.data(), text.size()};
}

/// What was seen `age` before the report.
json::array draft_check(const std::string& name, const check_report& check, wall_time reported, report_detail detail) {
    const auto status = check.skipped ? "warn" : draft_status(check.status);
    json::object out{{"status", status}};
    if (detail == report_detail::full) {
        out["componentId"] = name;
        if (!check.skipped) {
            out["observedValue"] = std::chrono::duration<double, std::milli>(check.latency).count();
            out["observedUnit"] = "ms";
        }
        out["time"] = rfc3339(saturating_add(reported, -check.age));
        if (!check.message.empty() && status != "pass")
            out["output"] = check.message; // the draft wants none for "pass"
        if (!check.details.empty())
            out["details"] = check.details;
    }
    return {std::move(out)};
}

json::object draft_body(const health_report& report, report_detail detail) {
    json::object checks;
    for (const auto& [name, check] : report.checks)
        checks[name + ":responseTime"] = draft_check(name, check, report.timestamp, detail);
    return {{"status", draft_status(report.status)}, {"checks", std::move(checks)}};
}

void introduce(json::object& body, const http_answer_options& options, std::string_view name_of_service) {
    if (!options.service.empty())
        body[name_of_service] = options.service;
    if (!options.version.empty() && options.detail == report_detail::full)
        body["version"] = options.version;
}

} // namespace

http_answer to_http(const health_report& report, http_answer_options options) {
    const bool draft = detail::prefers_health_json(options.accept);
    auto body = draft ? draft_body(report, options.detail) : report.to_json(options.detail);
    introduce(body, options, draft ? "serviceId" : "service");
    return {.status = report.http_status(options.codes),
            .content_type = draft ? "application/health+json" : "application/json",
            .body = json::to_text(body)};
}

} // namespace infra::health
