#pragma once

// One request and its answer, as telemetry sees them.

#include "message_access.hpp"

#include <infra/base/context.hpp>
#include <infra/base/telemetry.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace infra::http::detail {

/// What is known of a request after a handler has moved it away. Reused from request to request.
struct exchange {
    std::shared_ptr<const detail::route> route{};
    http::method method = http::method::get;
    int version = 1;
    bool keep_alive = true;
    int status = 0; ///< sent, or about to be
    steady_time began{};
    std::string path{};
    std::string remote{};
    std::string request_id{};
    std::string origin{};      ///< the browser's, where CORS is on
    std::string traceparent{}; ///< of our span

    std::string_view route_label() const noexcept { return route ? std::string_view(route->pattern) : "(unmatched)"; }

    /// "GET /users/{id}", or the method alone.
    std::string_view span_name() const noexcept;
};

/// What came with the request, beside what is current: W3C's headers.
infra::context context_of(const request& r, const std::string& request_id);

/// Puts the semantic conventions' attributes on a span that is being recorded.
void describe_request(telemetry::span& span, const exchange& e, const request& r);
void describe_response(telemetry::span& span, int status);

/// Writes access log and metrics. One a loop: series are found once and kept by route, method and status.
class reporter {
public:
    reporter(std::size_t routes, bool access_log);

    void finished(const exchange& e, std::uint64_t body_bytes, steady_time now);

private:
    struct by_method {
        telemetry::series duration;
        std::vector<std::pair<int, telemetry::series>> requests; // by status; a handful
    };
    static constexpr std::size_t methods = static_cast<std::size_t>(http::method::other) + 1;

    by_method& series_of(const exchange& e);
    static const telemetry::series& requests_of(by_method& of, const exchange& e);

    std::vector<std::array<std::unique_ptr<by_method>, methods>> routes_; // the first is for what no route matched
    bool access_log_;
};

} // namespace infra::http::detail
