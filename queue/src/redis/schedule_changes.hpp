#pragma once

// What becomes of a stored schedule when a program defines it, or goes on to its next run: decided here, and stored by
// scripts/put_schedules.lua unless the schedule has changed meanwhile.

#include "stored_scheduler.hpp"

#include <infra/queue/schedules.hpp>

#include <optional>

namespace infra::queue::redis_backend {

struct schedule_change {
    stored_scheduler becomes{};
    std::optional<wall_time> taken_away{}; ///< for when a run was that goes if it does not run
    std::optional<wall_time> run{};        ///< for when one is to be added, unless it is there
    wall_time now{};
};

/// `known`: as it is stored; null: it is new. A run that it has and keeps is added anew, as it is to be from now on.
schedule_change upserted(const stored_scheduler* known, const new_schedule& asked);

/// Empty where `asked.run` is not the pending one.
std::optional<schedule_change> advanced(const stored_scheduler* known, const advance_request& asked);

/// Where in `repeat` it stands: at its run's time; one that is over at its last run's, as in BullMQ.
wall_time score_of(const stored_scheduler& s) noexcept;

} // namespace infra::queue::redis_backend
