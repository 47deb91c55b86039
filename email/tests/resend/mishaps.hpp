#pragma once

/// How an API answers that is not well.

#include "tests/resend/mock.hpp"

#include <infra/email/error.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace infra::email::resend {

using namespace std::chrono_literals;

/// What may come of a request, and what is to be made of it.
struct mishap {
    std::string name;
    turn first;
    boost::system::error_code code;
    bool retryable = false;
    bool uncertain = false;
    std::chrono::milliseconds retry_after = 0ms;
    int times = 1; ///< libcurl asks again by itself where a kept connection turns out closed
};

inline std::vector<mishap> mishaps() {
    const auto refused = [](std::string answer) { return turn{.accepts = false, .says = std::move(answer)}; };
    const auto lost = [](turn t) { return t; };
    return {
        {"429", refused(refusal(429, "rate_limit_exceeded")), infra::errc::overloaded, true},
        {"429 and when", refused(refusal(429, "rate_limit_exceeded", "Retry-After: 0\r\n")), infra::errc::overloaded,
         true},
        {"quota", refused(refusal(429, "daily_quota_exceeded", "Retry-After: 3600\r\n")), errc::quota_exceeded, false,
         false, 1h},
        {"409 of another mail", refused(refusal(409, "invalid_idempotent_request")), errc::key_reused, false, true},
        {"409 at work", refused(refusal(409, "concurrent_idempotent_requests", "Retry-After: 5\r\n")),
         infra::errc::unavailable, true, true, 5s},
        {"401", refused(refusal(401, "missing_api_key")), errc::unauthorized},
        {"422", refused(refusal(422, "validation_error")), errc::refused},
        {"500", refused(refusal(500, "application_error")), infra::errc::unavailable, true, true},
        {"a page", refused(http::response(403, "<html>1010</html>", "Content-Type: text/html\r\n")),
         infra::errc::unavailable},
        {"a page, but accepted", lost({.says = http::response(502, "<html>")}), infra::errc::unavailable, true, true},
        {"nothing", lost({.says = ""}), infra::errc::unavailable, true, true, 0ms, 9},
        {"half an answer", lost({.cuts = true}), infra::errc::unavailable, true, true},
        {"no id", lost({.says = http::response(200, "{}")}), infra::errc::unavailable, true, true},
        {"no JSON", lost({.says = http::response(200, "OK")}), infra::errc::unavailable, true, true},
        {"no HTTP", lost({.says = "SSH-2.0\r\n\r\n"}), infra::errc::unavailable, false, true},
        {"ten megabytes", lost({.says = http::response(200, std::string(10 << 20, 'x'))}), infra::errc::unavailable,
         false, true},
        {"elsewhere", refused(http::response(307, "", "Location: http://127.0.0.1:1/\r\n")),
         infra::errc::misconfigured},
    };
}

} // namespace infra::email::resend
