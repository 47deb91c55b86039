#pragma once

// Schedules as BullMQ's job schedulers: a member of the sorted set `repeat`, whose score is the time of the pending run, a hash
// `repeat:<id>`, and that run's job `repeat:<id>:<ms>`. Its opts repeat the schedule, because a worker of BullMQ makes the next
// run from them.
//
// What BullMQ has no field for is in fields of ours, with `infra` in their names. It drops them when a program defines the
// schedule through it; then the schedule is as that program wants it.
//
// It has no pause of a schedule. One that is paused is none of its schedulers any more: what its hash had is kept in a hash of
// ours, `~paused`, from which it comes back.

#include "fields.hpp"

#include <infra/queue/schedules.hpp>

#include <optional>
#include <string>

namespace infra::queue::redis_backend {

struct stored_scheduler {
    std::string queue{};
    std::string id{};
    schedule when{};
    std::string name{};
    std::string data = "{}";
    json::object opts{};        ///< of each run's job
    std::size_t iterations = 1; ///< that were added, the pending one included where there is one
    bool is_counted = true;     ///< false: a repeatable job of BullMQ 5, which is no scheduler
    /// They are the run's, which hands them on to the next one; the schedule itself has none.
    bool has_data_of_run = false;
    bool has_opts_of_run = false;
    bool is_over = false; ///< then all of them were made, and `next` is the last one's time
    std::optional<wall_time> next{};
    std::optional<wall_time> last{};
    wall_time defined_at{};
    std::optional<wall_time> paused_since{}; ///< then there is no `next`, and no run pending

    bool has_pending() const noexcept { return !is_over && !paused_since; }
};

/// `score` is that of the schedule in `repeat`; one that is paused has none.
stored_scheduler read_scheduler(std::string queue, std::string id, std::optional<double> score, const hash_fields& hash,
                                std::optional<double> paused_since = {});
stored_scheduler to_stored(const new_schedule& asked);

/// What a schedule itself does not say of its runs' jobs is what its pending run says.
void take_from_run(stored_scheduler& s, const hash_fields& hash, std::optional<std::string> data,
                   const std::optional<std::string>& opts);

/// Whether they run at the same times, so that the one that is to be stored may keep the run of the one that is.
bool is_same_recurrence(const stored_scheduler& stored, const schedule& asked);

hash_fields hash_of(const stored_scheduler& s);

/// The hash of the job that is the run at that time, being the so-manieth.
hash_fields iteration_of(const stored_scheduler& s, wall_time run, std::size_t iteration, wall_time now);

/// `pending`: where the job of the next run is.
schedule_info to_info(const stored_scheduler& s, std::optional<job_state> pending);

} // namespace infra::queue::redis_backend
