#pragma once

/// Stored schedules: jobs that come again. The values, and the third part of the seam for those who write a backend; users
/// call queue/control.hpp and define_cron.
///
///     co_await stored->upsert({{.queue = "reports", .id = "daily", .when = {.pattern = "0 6 * * *"}, .name = "report",
///                               .next = tomorrow_at_six, .now = clock.wall()}});
///
/// A schedule that is not over has exactly one pending run: a job with the id `repeat:<schedule>:<ms since 1970>`, delayed
/// until then. Whoever claims it works out what comes next and calls advance before performing it, which makes the next
/// one; advance acts only for the pending run, so that a run that is claimed twice makes one. No timer is needed, and any
/// number of processes may define the same schedule. The rules are BullMQ's. One that is paused has no run until somebody resumes
/// it, whoever defines it meanwhile.

#include <infra/base/awaitable.hpp>
#include <infra/queue/options.hpp>
#include <infra/queue/schedule.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

/// What is to be stored. `next` holds for a schedule that is new or whose `when` has changed; one that is the same keeps
/// the run it has, with the new name, data and options. One that is paused stays so, and `next` is ignored.
struct new_schedule {
    std::string queue{};
    std::string id{};
    schedule when{};
    std::string name{};              ///< of the jobs
    std::string data = "{}";         ///< JSON text
    job_options options{};           ///< `ttl` counts from each run's time
    std::optional<wall_time> next{}; ///< of the first run; empty: there is none
    wall_time now{};                 ///< remembered as `defined_at`
};

/// What is remembered about a schedule.
struct schedule_info {
    std::string queue{};
    std::string id{};
    schedule when{};
    std::string name{};
    std::string data{};
    job_options options{};
    std::size_t runs = 0;            ///< that were made
    std::optional<wall_time> next{}; ///< the pending run's time; empty: the schedule is over, or paused
    std::optional<wall_time> last{}; ///< that of the one before
    wall_time defined_at{};          ///< when a process last said that it defines this
    std::optional<wall_time> paused_since{};
    /// Of the job that is the pending run; empty although `next` is set: somebody took it away.
    std::optional<job_state> pending{};
};

struct schedule_key {
    std::string queue{};
    std::string id{};

    friend bool operator==(const schedule_key&, const schedule_key&) = default;
};

/// From the run for the time `run` to the next.
struct advance_request {
    schedule_key of{};
    wall_time run{};
    bool made = true;                ///< it counts as one of the schedule's runs; false: it was passed over
    std::optional<wall_time> next{}; ///< empty: that was the last
    wall_time now{};
};

/// A paused schedule is to run again.
struct resume_request {
    schedule_key of{};
    schedule when{};                 ///< as it was seen, from which `next` follows
    std::optional<wall_time> next{}; ///< of the first run; empty: it is over
    wall_time now{};
};

/// `repeat:<id>:<ms>`
job_id run_id(std::string_view schedule, wall_time run);

/// Of which schedule, and for when, a job of this id is the run; empty if of none.
std::optional<std::pair<std::string, wall_time>> run_of(std::string_view id);

/// Threads, Errors, Cancel, Lifetime: as backend's, of which this is a part.
class schedule_store {
public:
    virtual ~schedule_store() = default;

    virtual awaitable<void> upsert(std::vector<new_schedule> schedules) = 0;

    /// Forgets them with their pending runs, but for one that is active. False for those that are not known.
    virtual awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key> keys) = 0;

    /// Takes their pending runs away; one that is no longer to come, since somebody has taken it, goes on and counts as made.
    /// False for those that are not known. One that is paused stays so since then.
    virtual awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key> keys, wall_time now) = 0;

    /// False where none is paused with this `when`: somebody resumed, changed or removed it.
    virtual awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request> requests) = 0;

    /// Of a queue, or of all: by queue and id.
    virtual awaitable<std::vector<schedule_info>> schedules(std::optional<std::string> queue) = 0;

    /// False where `run` is not the pending one: somebody was there before.
    virtual awaitable<std::vector<bool>> advance(std::vector<advance_request> requests) = 0;
};

} // namespace infra::queue
