#include "scores.hpp"

#include <algorithm>
#include <cmath>

namespace infra::queue::redis_backend {
namespace {

constexpr std::int64_t per_priority = std::int64_t(1) << 32;
constexpr std::int64_t per_millisecond = 4096;
constexpr double most_milliseconds = 9.2e12; // about what a wall_time holds

} // namespace

std::int64_t priority_score(int priority, std::uint64_t counter) noexcept {
    return priority * per_priority + static_cast<std::int64_t>(counter % per_priority);
}

int priority_of(double score) noexcept {
    constexpr double most = 2'097'152; // of older versions
    return std::isnan(score) ? 0 : static_cast<int>(std::clamp(score / double(per_priority), 0.0, most));
}

std::int64_t to_due_ms(wall_time run_at) noexcept {
    return std::chrono::ceil<std::chrono::milliseconds>(run_at).time_since_epoch().count();
}

std::int64_t delay_score(wall_time run_at) noexcept { return to_due_ms(run_at) * per_millisecond; }

std::int64_t last_due_score(wall_time now) noexcept { return (to_unix_ms(now) + 1) * per_millisecond - 1; }

wall_time run_at_of(double score) noexcept { return time_at(score / double(per_millisecond)); }

wall_time time_at(double milliseconds) noexcept {
    if (std::isnan(milliseconds))
        return {};
    const auto held = std::clamp(milliseconds, -most_milliseconds, most_milliseconds);
    return from_unix_ms(static_cast<std::int64_t>(std::floor(held)));
}

std::optional<wall_time> marked_time(std::string_view member, double score) noexcept {
    return member == "1" ? std::optional(time_at(score)) : std::nullopt;
}

} // namespace infra::queue::redis_backend
