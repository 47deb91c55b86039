#pragma once

// What becomes of a stored schedule when a program defines it, pauses it, or goes on to its next run: decided here, and stored by
// scripts/put_schedules.lua unless the schedule has changed meanwhile.

#include "stored_scheduler.hpp"

#include <infra/queue/move.hpp>
#include <infra/queue/schedules.hpp>

#include <optional>

namespace infra::queue::redis_backend {

struct schedule_change {
    stored_scheduler becomes{};
    std::optional<wall_time> taken_away{}; ///< for when a run was that goes if it does not run
    std::optional<wall_time> run{};        ///< for when one is to be added, unless it is there
    wall_time now{};
    hash_fields more{};     ///< of the schedule's hash: what another program wrote there
    std::string run_opts{}; ///< of that run, where another program added it
};

/// A schedule as it is stored, if it is, and where the job of its next run is.
struct known_schedule {
    std::optional<stored_scheduler> is{};
    std::optional<job_state> pending{};
};

/// One that is asked for as it is keeps its run. Where its times are the same, and the rest is not, that run is added anew.
schedule_change upserted(const known_schedule& known, const new_schedule& asked);

/// One that comes from another storage, with the runs that were made there.
schedule_change restored(const carried_schedule& schedule);

/// Empty where `asked.run` is not the pending one.
std::optional<schedule_change> advanced(const known_schedule& known, const advance_request& asked);

/// Empty where none is known.
std::optional<schedule_change> paused(const known_schedule& known, wall_time now);

/// Empty where none is paused with what was seen.
std::optional<schedule_change> resumed(const known_schedule& known, const resume_request& asked);

/// Where in `repeat` it stands: at its run's time; one that is over at its last run's, as in BullMQ.
wall_time score_of(const stored_scheduler& s) noexcept;

} // namespace infra::queue::redis_backend
