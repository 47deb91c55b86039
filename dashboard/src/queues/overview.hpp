#pragma once

#include "../board.hpp"
#include "documents.hpp"

namespace infra::dashboard {

/// `within`: of which window its minutes are.
std::vector<figure> figures_of(const queues_seen& all, std::chrono::minutes within,
                               std::chrono::milliseconds oldest_limit);

/// Jobs that failed alike within a day.
std::vector<concern> concerns_of(const std::string& queue, const queue::failure_groups& groups, wall_time now);

/// Queues with jobs, and nobody who takes them.
std::vector<concern> concerns_of(const queues_seen& all);

/// A schedule that does not run as it should.
std::optional<concern> concern_of(const schedule_seen& s, wall_time now);

} // namespace infra::dashboard
