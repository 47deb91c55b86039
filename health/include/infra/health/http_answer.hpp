#pragma once

/// A report as the answer to a probe, for whichever HTTP server sends it.

#include <infra/health/report.hpp>

#include <string>

namespace infra::health {

struct http_answer_options {
    /// The request's `Accept`. Whoever prefers `application/health+json` to `application/json` gets that.
    std::string accept{};

    /// What the asker may see; `full` only for those who are known.
    report_detail detail = report_detail::statuses;

    http_statuses codes{}; ///< the HTTP status of each result

    /// Members of the body, left out when empty. The version too is shown to `full` only.
    std::string service{};
    std::string version{};
};

/// To be sent with `Cache-Control: no-store`, since what is old is not how the service is.
struct http_answer {
    int status = 200;
    std::string content_type{};
    std::string body{};
};

/// `application/json` is health_report::to_json(). `application/health+json` is the vocabulary of
/// draft-inadarei-api-health-check-06: `{"status": "warn", "checks": {"search:responseTime": [{"status": "warn",
/// "componentId": "search", "observedValue": 12.5, "observedUnit": "ms", "time": "…", "output": "…"}]}, …}`.
http_answer to_http(const health_report& report, http_answer_options options = {});

} // namespace infra::health
