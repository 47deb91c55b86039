#pragma once

/// Who runs the jobs.
///
///     infra::queue::worker worker(jobs, {.concurrency = 10});
///     co_spawn(executor, worker.run(), on_end);
///     …
///     co_await worker.stop(deadline::after(25s));     // claims no more, lets handlers finish, then gives jobs back

#include <infra/queue/queue.hpp>

namespace infra::queue {

struct worker_options {
    std::size_t concurrency = 10;      ///< handlers at once, 1 … 10'000
    std::vector<std::string> queues{}; ///< empty: those of all jobs that have a handler here, also of later ones

    /// What its jobs and dashboards call it where the storage shows such names to other programs (Redis): 1 to 100 bytes, as
    /// check_name says; empty: it has none.
    std::string name{};

    /// stop() without a deadline lets handlers run for so long; at least zero.
    std::chrono::milliseconds drain_timeout{30'000};

    // --- tuning ---

    /// How long a job stays with a worker that has stopped renewing. Renewed each second, one of less than three seconds
    /// three times as often, by a thread that no handler can hold up. Shorter: a dead worker's job runs sooner; longer: a
    /// machine that stands still for a moment loses nothing. 10 ms … 1 day; unset: 10 s, on Redis 30 s as BullMQ has it.
    std::optional<std::chrono::milliseconds> lease{};

    /// A job whose worker vanished more often than this fails, for it is likely the cause; at least zero.
    int max_stalls = 3;

    /// How many jobs it may hold beyond those that run, so that the next is there when a handler ends and many are claimed at
    /// once; 0 … 1000. As many as are to begin within 5 ms, as long as the last handlers took: none behind handlers that take
    /// longer, nor before the first eight have ended. What has not begun 50 ms after it was taken is given back, with no
    /// attempt spent: it stands in front again. What is held is `active`, begins in the order in which it was taken, also
    /// while its queue is paused, and counts as running for limits. Nothing is held with a max_stalls of 0. 0: never.
    std::size_t ahead = 100;

    /// Where leases are renewed; unset: on a thread made for it. For tests that own all that runs.
    std::optional<executor> renewals{};
};

/// Runs every job that is defined with a handler. At least once: a job whose worker vanishes runs again once its lease
/// is over. Between "twice" and "never" the choice is twice; `job_context::fence` tells the runs apart.
///
/// A handle; copies are the same worker. Nothing happens before run(); when run() returns nothing of it is left running,
/// but for plain functions that did not heed stop_requested().
///
/// Threads:  stop() from any thread; run() on one executor, whose handlers do not run at the same time: an event loop, or
///           a strand `with_context(make_strand(…))`.
/// Errors:   a handler's failures become the job's. run() goes on, with a log line, while the storage is unavailable; it
///           throws errc::corrupt, errc::incompatible or, if the queue was stopped first, infra::errc::closed, once its
///           handlers are done. std::invalid_argument names a bad
///           option.
/// Cancel:   run() cancelled: like stop(now), then it throws operation_aborted.
/// Lifetime: letting the last handle go stops the worker as stop(now) does, without waiting; run() still ends in its own
///           time, and its executor must last until then.
class worker {
public:
    explicit worker(queue jobs, worker_options options = {});

    /// The life of the worker. Once: a second call throws errc::invalid_state. Returns at once if already stopped.
    [[nodiscard]] awaitable<void> run();

    /// Asks run() to end and returns: claim nothing more, give handlers until the deadline, then cancel them and return
    /// their jobs without spending an attempt; a second later give up on those that do not heed it. Asked again, the
    /// earlier deadline holds.
    void stop() noexcept;
    /// The same, and waits until run() has ended.
    [[nodiscard]] awaitable<void> stop(deadline limit);
    [[nodiscard]] awaitable<void> stop(std::chrono::milliseconds limit);

private:
    struct state;
    struct handle;
    std::shared_ptr<handle> handle_;
};

} // namespace infra::queue
