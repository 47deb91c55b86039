#pragma once

// What becomes of one check in one report: decided from numbers, without a clock or a thread.

#include <infra/base/time.hpp>
#include <infra/health/check.hpp>
#include <infra/health/report.hpp>

#include <chrono>
#include <exception>

namespace infra::health::detail {

/// How a check ended, cleaned for show.
struct answer {
    check_result result;
    std::chrono::nanoseconds latency;
    steady_time at;
};

/// What a check that threw, or could not be started, has answered.
check_result failure(std::exception_ptr thrown);

/// What one that was cut off at its timeout has answered.
check_result timed_out(const check_options& options);

/// The line of a check that has answered. Asked at `now`, for an answer given again.
check_report answered(const answer& known, const check_options& options, steady_time now);

/// The line of a check that answered, or would have, past its own timeout.
check_report too_late(const check_options& options, std::chrono::nanoseconds took);

/// The line of a check that runs since `started` and has not answered a run that began at `began` and ends at `now`.
check_report unanswered(steady_time started, const check_options& options, steady_time began, steady_time now);

/// Whether an answer is young enough to be given again.
bool may_be_given_again(const answer& known, const check_options& options, steady_time now) noexcept;

/// The worst of them.
health_status overall(const check_list& checks) noexcept;

/// What the gauge shows: 1 healthy, 0.5 degraded, 0 unhealthy.
double gauge_value(health_status status) noexcept;

} // namespace infra::health::detail
