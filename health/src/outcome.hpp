#pragma once

// What becomes of one check in one report: decided from numbers, without a clock or a thread.

#include <infra/base/time.hpp>
#include <infra/health/check.hpp>
#include <infra/health/report.hpp>

#include <chrono>
#include <exception>
#include <string_view>

namespace infra::health::detail {

/// How a check ended, cleaned for show.
struct answer {
    check_result result;
    std::chrono::nanoseconds latency;
    steady_time at;
    bool noted = false; ///< in its check's standing
};

/// What a check that threw, or could not be started, has answered.
check_result failure(std::exception_ptr thrown);

/// What is said for one that could not be started.
check_result no_thread();

/// What one that was cut off at its timeout has answered.
check_result timed_out(const check_options& options);

/// The line of a check that has answered. Asked at `now`, for an answer given again.
check_report answered(const answer& known, const check_options& options, steady_time now);

/// The line of a check that runs since `started` and has not answered a run that began at `began` and ends at `now`.
check_report unanswered(steady_time started, const check_options& options, steady_time began, steady_time now);

/// The line of a check that was not asked, because what it depends on is unhealthy, or has not answered in time.
check_report skipped(std::string_view obstacle);
check_report not_asked(const check_options& options);

/// Whether an answer is young enough to be given again.
bool may_be_given_again(const answer& known, const check_options& options, steady_time now) noexcept;

/// The worst of them, but for those that were skipped.
health_status overall(const check_list& checks) noexcept;

/// What the gauge shows: 1 healthy, 0.5 degraded, 0 unhealthy.
double gauge_value(health_status status) noexcept;

} // namespace infra::health::detail
