#include "flow.hpp"

#include <algorithm>
#include <limits>

namespace infra::queue::sqlite {
namespace {

std::int64_t after(std::int64_t from, std::chrono::milliseconds time) noexcept {
    return to_unix_ms(saturating_add(from_unix_ms(from), time));
}

std::size_t left_of(std::size_t limit, std::size_t used) noexcept {
    return limit == 0 ? std::numeric_limits<std::size_t>::max() : limit - std::min(limit, used);
}

} // namespace

// Also when the clock was put back: a window is never waited for longer than it is.
bool queue_flow::is_window_over(std::int64_t now) const noexcept {
    return !rate_from || now < *rate_from || now >= after(*rate_from, settings.rate.duration);
}

std::size_t queue_flow::allowance(std::int64_t active, std::int64_t now) const noexcept {
    if (settings.paused)
        return 0;
    return std::min(left_of(settings.concurrency, static_cast<std::size_t>(active)),
                    left_of(settings.rate.max, is_window_over(now) ? 0 : rate_started));
}

void queue_flow::started(std::size_t n, std::int64_t now) noexcept {
    if (is_window_over(now)) {
        rate_from = now;
        rate_started = 0;
    }
    rate_started += n;
}

std::optional<std::int64_t> queue_flow::opens_at() const noexcept {
    if (settings.paused || settings.rate.max == 0 || !rate_from || rate_started < settings.rate.max)
        return std::nullopt;
    return after(*rate_from, settings.rate.duration);
}

} // namespace infra::queue::sqlite
