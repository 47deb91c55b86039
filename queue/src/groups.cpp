#include <infra/queue/groups.hpp>

namespace infra::queue {

bool is_over(const rate_window& window, const rate_limit& limit, wall_time now) noexcept {
    return now >= saturating_add(window.from, limit.duration) || now < window.from;
}

rate_window after_start(const std::optional<rate_window>& window, const rate_limit& limit, wall_time now) noexcept {
    if (!window || is_over(*window, limit, now))
        return {.from = now, .started = 1};
    return {.from = window->from, .started = window->started + 1};
}

bool is_open(const group_limits& limits, std::size_t active, const std::optional<rate_window>& window) noexcept {
    const bool has_place = limits.concurrency == 0 || active < limits.concurrency;
    const bool may_start = limits.rate.max == 0 || !window || window->started < limits.rate.max;
    return has_place && may_start;
}

} // namespace infra::queue
