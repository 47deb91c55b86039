#pragma once

/// Carries whole queues from one storage to another: from a file to Redis when one machine is no longer enough, or back.
///
///     auto plan = co_await plan_move(file, redis, {"mail"});
///     if (plan.obstacles.empty())
///         auto moved = co_await move_queues(file, redis, plan);
///
/// Jobs keep their ids, delays, options, groups, deduplications, attempts and errors, results and reasons, log lines, trace
/// headers, parents and children; queues keep their schedules and settings. Both queues are paused meanwhile, and a job is
/// removed from where it was only once it stands where it is to be. So a move that was interrupted anywhere is done again from
/// the start, and takes up where it was: what has been carried already is known by its id. What Node wrote that nothing here has
/// a word for goes with its job, and is there again when that comes back to Redis. `infra queue move` is this.
///
/// Programs may go on meanwhile. Workers of the source take nothing, those of the target neither; what is added to the source is
/// carried as well, as long as it comes slower than it is carried. Not seen any more are: what a person changes of a job at the
/// source once it has been copied, and children that a program gives, at that very moment, to a parent that waits.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/queue/backend.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::queue {

// --- For those who move queues ------------------------------------------------------------------------------------

struct queue_to_move {
    queue_counts there{}; ///< in the source
    std::size_t
        there_before{}; ///< jobs of the target's queue of this name, those of a move that was interrupted included
    std::size_t schedules = 0;      ///< in the source
    bool was_paused = false;        ///< either of the two: then the target stays so
    queue_settings settings{};      ///< of the source; they hold in the target from then on
    std::string moving_to{};        ///< where a move that goes on, or was interrupted, carries it; empty: there is none
    std::string target_moving_to{}; ///< the same of the target's queue of this name

    std::size_t jobs() const noexcept {
        return there.waiting + there.delayed + there.active + there.completed + there.failed + there.waiting_children;
    }
};

struct move_plan {
    std::vector<queue_to_move> queues{};
    std::vector<std::string> obstacles{}; ///< sentences: why nothing can be moved; empty: it can
    std::vector<std::string> remarks{};   ///< sentences: what is to be known before it is done
};

/// What is not carried, whatever is moved: minutes of the history …
std::vector<std::string> left_behind();

/// Looks at all jobs, and changes nothing. `queues`: which; all of the source when none is named. Throws infra::error with
/// infra::errc::invalid_input where one of the two cannot be moved from or to.
awaitable<move_plan> plan_move(std::shared_ptr<backend> from, std::shared_ptr<backend> to,
                               std::vector<std::string> queues = {});

enum class move_step {
    waiting,  ///< until no job of it runs
    copying,  ///< jobs stand in both
    linking,  ///< what parents know of their children
    removing, ///< out of the source
};
std::string_view to_string(move_step step) noexcept; ///< `waiting` …

struct move_progress {
    std::string queue{};
    move_step step = move_step::waiting;
    std::size_t jobs = 0; ///< done in this step; of `waiting`: that run still
};

struct move_options {
    /// So long jobs that run may take to end. Those of workers that vanished are taken back meanwhile, once their leases are over.
    std::chrono::milliseconds patience{60'000};
    std::size_t page = 100; ///< jobs that are carried together, 1 to 1000
    bool resume = false;    ///< the target's queues in the end, also those that were paused before
    /// Also queues that were being moved to somewhere else, which is given up: what it got it keeps.
    bool anew = false;
    /// Called after each page. What it throws interrupts the move there.
    std::function<void(const move_progress&)> on_progress{};
};

struct moved_queue {
    std::string queue{};
    std::size_t carried = 0; ///< jobs that came to stand in the target
    std::size_t removed = 0; ///< jobs that left the source, those that were carried by a move before included
    std::size_t schedules = 0;
    bool paused = false; ///< the target's queue is, and is to be resumed by somebody
};

/// Does what was planned. The source's queues stay there, paused and empty, so that programs that still add to them lose
/// nothing: move again, or obliterate them.
///
/// Errors:   infra::error: errc::timed_out where jobs run on for longer than `patience`; infra::errc::invalid_state for a plan
///           with obstacles, where both turn out to be the same storage or a queue is being moved to another one, and where
///           another job of the target has a job's id or somebody resumes one of the two meanwhile. Nothing is lost then, and
///           the target stays paused, unless it was somebody who resumed it.
/// Cancel:   all types; as if interrupted.
/// Lifetime: the clock must outlive it.
awaitable<std::vector<moved_queue>> move_queues(std::shared_ptr<backend> from, std::shared_ptr<backend> to,
                                                move_plan plan, move_options how = {}, clock& time = real_clock());

// --- For those who write a backend --------------------------------------------------------------------------------

/// All that is known of a job that nobody runs.
struct carried_job {
    job_info known{};
    std::string carrier{};
    std::optional<infra::queue::deduplication> deduplicate{};
    bool holds_deduplication = false;                      ///< its id, rather than another job
    std::optional<wall_time> held_until{};                 ///< empty: until it is over
    child_failure on_failure = child_failure::fail_parent; ///< where `known.parent` is set
    bool in_front = false; ///< it waits, before those of its priority that stand there already; else behind them
    std::vector<log_line> log{};
    std::string fail_with{}; ///< claimed_job::fail_with
    /// What another program wrote of it that no member says: the text of a storage, which the others keep and hand on unread.
    std::string handed_on{};
};

struct carried_schedule {
    schedule_info known{};
    std::optional<wall_time> run_added_at{}; ///< of the job that is the pending run
    std::string handed_on{};                 ///< as a job's
};

/// Where the jobs of a queue are being moved to, so that no other move tears them apart.
struct move_mark {
    std::string queue{};
    std::optional<std::string>
        to{};             ///< is written unless something stands there; empty: takes that away; unset: only looks
    bool instead = false; ///< writes in any case
};

/// A backend that can be moved from and to is one of these as well. What is restored makes nobody start anything: the queue is
/// paused, and where it is not, that is refused with infra::errc::invalid_state (not_paused_error).
///
/// Threads, Errors, Cancel, Lifetime: as backend's.
class transferable_store {
public:
    virtual ~transferable_store() = default;

    /// One for each key; empty where nothing is known.
    virtual awaitable<std::vector<std::optional<carried_job>>> carry(std::vector<job_key> keys) = 0;

    /// Why this storage cannot have such a job as it is; empty: it can.
    virtual std::string refusal_of(const carried_job& job) const = 0;

    /// Puts jobs where they stood, behind those that are there, each whole or not at all. False where its id is there: nothing
    /// changed. Of its children nothing is known yet, and one that waits for them waits.
    virtual awaitable<std::vector<bool>> restore(std::vector<carried_job> jobs) = 0;

    /// What a job knows of its children; of one that it knows already this is what it knows from then on. The jobs among them
    /// that are there have it for their parent.
    virtual awaitable<void> restore_children(job_key parent, std::vector<child_info> children) = 0;

    virtual awaitable<std::vector<carried_schedule>> carry_schedules(std::string queue) = 0;

    /// With their pending runs, which wait for their times. One that is there stays as it is.
    virtual awaitable<void> restore_schedules(std::vector<carried_schedule> schedules) = 0;

    /// Returns once what was restored into the queue is as safe as the storage was told to keep what it acknowledges.
    virtual awaitable<void> settle(std::string queue) = 0;

    /// The queue gives none of the numbers up to this one to a job any more. Gives the highest that it gave, or passed over.
    virtual awaitable<std::uint64_t> pass_numbers(std::string queue, std::uint64_t last) = 0;

    /// What stands there then; empty: nothing. It goes with the queue when that is forgotten.
    virtual awaitable<std::string> mark(move_mark asked) = 0;
};

/// What storages say that cannot keep fail_with, of a job that is to fail for it; empty of any other.
std::string refusal_of_doomed(const carried_job& job);

/// What restore and restore_children throw of a queue that somebody has resumed.
error not_paused_error(std::string_view queue);

/// The job of the call as it was when it was added.
new_job as_added(const carried_job& job);

} // namespace infra::queue
