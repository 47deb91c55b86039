#pragma once

// Which readings of a clock an expression matches: calendar arithmetic that knows no zone.

#include <infra/queue/cron_expression.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace infra::queue {

inline constexpr std::uint64_t all_hours = (std::uint64_t{1} << 24) - 1;

/// The days of a month that match, from bit 1.
std::uint64_t days_in(const detail::cron_fields& fields, std::chrono::year_month month) noexcept;

/// The first matching second from `from` on; empty if there is none within 41 years, and so never: leap days of one weekday
/// lie at most 40 years apart.
std::optional<std::chrono::local_seconds> first_match(const detail::cron_fields& fields,
                                                      std::chrono::local_seconds from);

/// The last one up to `upto`.
std::optional<std::chrono::local_seconds> last_match(const detail::cron_fields& fields,
                                                     std::chrono::local_seconds upto);

} // namespace infra::queue
