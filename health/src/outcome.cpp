#include "outcome.hpp"

#include "redaction.hpp"
#include "standing.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <string>

namespace infra::health::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// `800 ms`, `12.3 s`
std::string text_of(nanoseconds d) {
    const auto ms = std::chrono::floor<milliseconds>(d).count();
    if (ms < 1000)
        return std::to_string(ms) + " ms";
    return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

check_report failed(std::string message, const check_options& options, nanoseconds latency) {
    return {.status = capped(health_status::unhealthy, options), .message = std::move(message), .latency = latency};
}

} // namespace

check_result failure(std::exception_ptr thrown) { return clean(unhealthy(describe(thrown))); }

check_result no_thread() { return unhealthy("not started: the threads for checks are all taken"); }

check_result timed_out(const check_options& options) {
    return unhealthy("no answer within " + text_of(saturating_nanoseconds(options.timeout)));
}

check_report answered(const answer& known, const check_options& options, steady_time now) {
    return {.status = capped(known.result.status, options),
            .message = known.result.message,
            .details = known.result.details,
            .latency = known.latency,
            .age = std::max(nanoseconds(0), saturating_sub(now, known.at))};
}

check_report unanswered(steady_time started, const check_options& options, steady_time began, steady_time now) {
    const auto age = saturating_sub(now, started);
    const auto limit = saturating_add(started, options.timeout);
    check_report out;
    if (began >= limit)
        out = failed("stuck: has run for " + text_of(age) + " and is not started again until it returns", options, age);
    else if (now >= limit)
        out = failed(timed_out(options).message, options, age);
    else
        out = failed("no answer after " + text_of(age) + ", when the report was due; it still runs", options, age);
    out.running_for = age;
    return out;
}

check_report skipped(std::string_view obstacle) {
    return {.message = "skipped: `" + std::string(obstacle) + "` is unhealthy", .skipped = true};
}

check_report not_asked(const check_options& options) {
    return failed("not asked: what it depends on had not answered when the report was due", options, {});
}

// What is asked in the background may be late by the time it is given to answer.
bool may_be_given_again(const answer& known, const check_options& options, steady_time now) noexcept {
    auto until = saturating_add(known.at, options.cache_for);
    if (options.every.count() > 0)
        until = std::max(until, saturating_add(saturating_add(known.at, options.every), options.timeout));
    return now < until;
}

health_status overall(const check_list& checks) noexcept {
    auto worst = health_status::healthy;
    for (const auto& [name, check] : checks)
        if (!check.skipped)
            worst = std::max(worst, check.status);
    return worst;
}

double gauge_value(health_status status) noexcept {
    switch (status) {
    case health_status::healthy: return 1;
    case health_status::degraded: return 0.5;
    case health_status::unhealthy: break;
    }
    return 0;
}

} // namespace infra::health::detail
