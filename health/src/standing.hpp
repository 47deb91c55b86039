#pragma once

// What is known of a check's past, and what it is shown as because of that.

#include <infra/base/time.hpp>
#include <infra/health/check.hpp>
#include <infra/health/report.hpp>

#include <cstddef>
#include <optional>

namespace infra::health::detail {

/// Of all the checks a name has had: one that replaces another is measured by what that has been shown as.
struct standing {
    std::optional<health_status> shown{}; ///< as if it were critical; empty before the first answer
    int other_answers = 0;                ///< in a row, worse (or better) than what is shown
    bool others_are_worse = false;

    std::optional<wall_time> last_success{};
    std::optional<wall_time> last_failure{};
    std::size_t failures = 0;

    bool removed = false;
};

/// One more answer. What is shown changes once enough of them in a row have been worse, or better.
void note(standing& of, health_status answer, const check_options& options, wall_time now) noexcept;

/// At worst degraded if the check is not critical.
health_status capped(health_status status, const check_options& options) noexcept;

/// What the check is shown as; healthy as long as nothing is known.
health_status shown(const standing& of, const check_options& options) noexcept;

} // namespace infra::health::detail
