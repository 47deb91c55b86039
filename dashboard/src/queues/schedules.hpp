#pragma once

#include "documents.hpp"

#include <infra/queue/queue.hpp>

#include <vector>

namespace infra::dashboard {

/// More are not shown.
inline constexpr std::size_t most_schedules = 200;

/// All schedules with their queue's state and their last run, those first that need somebody: missed, orphaned, then by name.
awaitable<std::vector<schedule_seen>> look_at_schedules(queue::queue jobs);

} // namespace infra::dashboard
