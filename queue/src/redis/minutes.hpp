#pragma once

// BullMQ's metrics: how many jobs ended in each minute, as three numbers and a list.
//
// A finish in a new minute closes the one before: what was counted there becomes the first of the list, behind a zero for each
// minute in which nothing ended. So the first of the list is the minute before that of `prevTS`, and that minute itself has
// what was counted since.

#include "fields.hpp"

#include <infra/queue/operations.hpp>

#include <vector>

namespace infra::queue::redis_backend {

/// So many minutes are kept: a week, as the seam's history.
inline constexpr std::size_t most_minutes = 7 * 24 * 60;

/// Of one way to end: `metrics:completed` or `metrics:failed`, and its list.
struct stored_minutes {
    std::size_t count = 0;
    std::size_t count_before = 0;      ///< the open minute began
    std::optional<wall_time> last{};   ///< the first end of that minute; empty: there never was one
    std::vector<std::size_t> closed{}; ///< newest first
};
stored_minutes read_minutes(const hash_fields& metrics, const std::vector<std::string>& data);

/// Minutes in which something ended, from `from` to before `to`, oldest first.
std::vector<minute_counts> history_of(const stored_minutes& completed, const stored_minutes& failed, wall_time from,
                                      wall_time to);

} // namespace infra::queue::redis_backend
