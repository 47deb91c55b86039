#pragma once

// What a worker does for schedules, as pure functions: which to store, which to mend, and what follows a run.

#include <infra/queue/backend.hpp>
#include <infra/queue/registry.hpp>

#include <memory>
#include <string>
#include <vector>

namespace infra::queue {

/// How often a worker says what it defines, and looks whether each schedule has its run.
inline constexpr std::chrono::minutes schedule_interval{1};

/// A schedule that nobody has spoken of for so long belongs to no live process.
inline constexpr std::chrono::minutes orphaned_after{3};

/// Of the jobs defined here and served by a worker of `queues`, those that run by a schedule.
std::vector<new_schedule> to_define(const std::vector<std::shared_ptr<const known_job>>& jobs,
                                    const std::vector<std::string>& queues, wall_time now);

/// The same schedule again, so that it counts as defined.
new_schedule again(const schedule_info& s, wall_time now);

/// What gives a schedule its run again, if that is nowhere, or over without the next one having been made.
std::optional<advance_request> to_repair(const schedule_info& s, wall_time now);

/// What follows a claimed run; empty if somebody advanced the schedule before, or it is gone.
std::optional<advance_request> to_advance(const schedule_info& s, wall_time run, wall_time now);

} // namespace infra::queue
