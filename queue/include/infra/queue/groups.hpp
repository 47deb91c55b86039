#pragma once

/// Fair groups, for those who write a backend: the rules as pure functions.
///
/// Of a group's waiting jobs the one that comes first by priority and place is its head, and the head alone stands in the
/// queue's line, with its own priority and the group's turn for a place:
///
///   - A group that has work and is open, and no turn, gets one at the back of the line. When its head is taken, the turn
///     is spent: the next one stands behind everybody else who waits now. So groups are served round robin, a claim takes a
///     prefix of the line, and what waits behind a head costs nobody anything.
///   - A head that is replaced by a better one, or leaves without being taken, leaves its turn to the next.
///   - A group at a limit is closed, and has no turn until one of its jobs ends or its window is over.
///   - What is given back, comes back from a dead worker or is tried again at once stands in front of its group.

#include <infra/queue/operations.hpp>

#include <optional>

namespace infra::queue {

/// Starts that count against a rate limit, since the first of them.
struct rate_window {
    wall_time from{};
    std::size_t started = 0;

    friend bool operator==(const rate_window&, const rate_window&) = default;
};

/// Also when the clock was put back: a window is never waited for longer than it is.
bool is_over(const rate_window& window, const rate_limit& limit, wall_time now) noexcept;

/// The window after one more start.
rate_window after_start(const std::optional<rate_window>& window, const rate_limit& limit, wall_time now) noexcept;

/// Whether a group may start another job. A window that stands holds until a claim finds it over.
bool is_open(const group_limits& limits, std::size_t active, const std::optional<rate_window>& window) noexcept;

} // namespace infra::queue
