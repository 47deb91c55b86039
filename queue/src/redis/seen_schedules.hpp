#pragma once

// Schedules as they are stored at this moment, and with what they are told to other storages.

#include "schedule_changes.hpp"
#include "verbs.hpp"

#include <string>
#include <vector>

namespace infra::queue::redis_backend {

inline constexpr std::size_t schedules_of_a_call = 200;

struct seen_schedule {
    known_schedule known{};
    std::string digest{}; ///< of all that was read, by which put_schedules.lua finds whether it has changed since
    hash_fields hash{};
};

/// One for each of these ids; or, where the first is empty, those from the place that is the second, as many as is the third.
awaitable<std::vector<seen_schedule>> look_at(shared_store s, std::string queue, std::vector<std::string> ids);

} // namespace infra::queue::redis_backend
