#include "standing.hpp"

#include <algorithm>

namespace infra::health::detail {
namespace {

void count(standing& of, health_status answer, wall_time now) noexcept {
    if (answer == health_status::unhealthy) {
        of.last_failure = now;
        ++of.failures;
    } else {
        of.last_success = now;
        of.failures = 0;
    }
}

} // namespace

void note(standing& of, health_status answer, const check_options& options, wall_time now) noexcept {
    count(of, answer, now);
    if (!of.shown || answer == of.shown) {
        of.shown = answer;
        of.other_answers = 0;
        return;
    }
    const bool worse = answer > *of.shown;
    of.other_answers = worse == of.others_are_worse ? of.other_answers + 1 : 1;
    of.others_are_worse = worse;
    if (of.other_answers < (worse ? options.worse_after : options.better_after))
        return;
    of.shown = answer;
    of.other_answers = 0;
}

health_status capped(health_status status, const check_options& options) noexcept {
    return options.critical ? status : std::min(status, health_status::degraded);
}

health_status shown(const standing& of, const check_options& options) noexcept {
    return capped(of.shown.value_or(health_status::healthy), options);
}

} // namespace infra::health::detail
