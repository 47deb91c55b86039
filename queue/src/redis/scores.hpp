#pragma once

// The scores of BullMQ's sorted sets. Redis keeps them as doubles: whole up to 2^53, which priorities reach just so, and
// delays in the year 2039; from then on a few of the jobs of one millisecond share a score.

#include <infra/base/time.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace infra::queue::redis_backend {

/// In `prioritized`: by priority, then in the order in which they came. `counter` is that of `pc`; 0 is in front of all.
std::int64_t priority_score(int priority, std::uint64_t counter) noexcept;
int priority_of(double score) noexcept;

/// From when something may run, in whole milliseconds: never before its time.
std::int64_t to_due_ms(wall_time run_at) noexcept;

/// In `delayed`: that of the first job of its millisecond. The others follow it, one up each, 4096 in all.
std::int64_t delay_score(wall_time run_at) noexcept;
/// The highest of what is due.
std::int64_t last_due_score(wall_time now) noexcept;
wall_time run_at_of(double score) noexcept;

/// Where the score is milliseconds: of `repeat`, `marker`, `completed`.
wall_time time_at(double milliseconds) noexcept;

/// What a worker was woken for by a member of `marker`: empty for what is there, otherwise the time of the next job that
/// is delayed. Anything that nobody knows means that there may be something.
std::optional<wall_time> marked_time(std::string_view member, double score) noexcept;

} // namespace infra::queue::redis_backend
