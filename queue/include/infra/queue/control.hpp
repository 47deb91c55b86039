#pragma once

/// What people and programs do to queues and to jobs that are there: look, steer, clear up, wait for what comes of them.
///
///     co_await jobs.pause("mail");
///     co_await jobs.set_rate_limit("mail", {.max = 100, .duration = 1s});
///     for (const auto& job : (co_await jobs.list({.queue = "mail", .states = {job_state::failed}})).jobs) …
///     co_await jobs.retry_all({.queue = "mail", .reason_contains = "timed out"});
///     auto sum = co_await jobs.wait_for_result<int>(id, deadline::after(5s));
///
/// A queue::queue is one of these; the functions of infra/queue.hpp call it for the process's own queue.

#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/queue/backend.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::queue {

/// Reads what happens in a queue, from when it was made. What one misses by reading too slowly is said.
///
/// Threads:  a value; one call at a time.
/// Cancel:   next() may be called again; no event is lost.
/// Lifetime: the clock must outlive it.
class event_follower {
public:
    event_follower(std::shared_ptr<backend> stored, clock& time, std::string queue, std::string cursor)
        : stored_(std::move(stored)), time_(&time), queue_(std::move(queue)), cursor_(std::move(cursor)) {}

    /// What happened since the last call; waits for something to happen.
    [[nodiscard]] awaitable<events_page> next();

private:
    std::shared_ptr<backend> stored_;
    clock* time_;
    std::string queue_;
    std::string cursor_;
};

/// A schedule as people see it.
struct cron_job {
    std::string queue{};
    std::string name{};
    schedule when{};
    std::size_t runs = 0;            ///< that were made
    std::optional<wall_time> next{}; ///< empty: it is over, or paused
    std::optional<wall_time> last{};
    std::optional<wall_time> paused_since{};
    bool defined_here = false; ///< by define_cron in this process
    bool stored = true;        ///< false: no worker has taken it up yet
    bool orphaned = false;     ///< no worker has known it for three minutes: it does not run
};

/// What waits of a queue.
struct backlog {
    queue_counts counts{};
    std::optional<wall_time> oldest{}; ///< see control::oldest_waiting
};

/// Threads:  any member from any thread.
/// Errors:   what backend.hpp lists when the storage refuses.
/// Cancel:   what was asked for may have happened; what goes over many jobs, to some of them.
/// Lifetime: as queue::queue, whose part it is. The clock must outlive it.
class control {
public:
    control(std::shared_ptr<backend> stored, clock& time) : stored_(std::move(stored)), time_(&time) {}

    // --- a queue ---

    /// Nothing of it is started any more, anywhere, until it is resumed. What runs goes on.
    [[nodiscard]] awaitable<queue_settings> pause(std::string queue) const;
    [[nodiscard]] awaitable<queue_settings> resume(std::string queue) const;
    /// So many of its jobs run at once in all processes; 0: any number.
    [[nodiscard]] awaitable<queue_settings> set_concurrency(std::string queue, std::size_t most) const;
    /// So many of its jobs are started within a time in all processes; `{}`: any number.
    [[nodiscard]] awaitable<queue_settings> set_rate_limit(std::string queue, rate_limit limit) const;
    /// What holds for each of its groups (enqueue_options::group), each by itself; `{}`: nothing.
    [[nodiscard]] awaitable<queue_settings> set_group_limits(std::string queue, group_limits limits) const;
    /// So many may wait in it, delayed ones included; 0: any number.
    [[nodiscard]] awaitable<queue_settings> set_max_length(std::string queue, std::size_t most) const;
    [[nodiscard]] awaitable<queue_settings> settings(std::string queue) const;

    /// Forgets what waits, and what is delayed if that is said; how many it were. Schedules keep their next runs. To parents,
    /// here and in other queues, a child that is cleared away has failed, whether by this, clean(), obliterate() or
    /// remove_all(): none runs on less than it was to wait for, unless that child's child_failure says so.
    [[nodiscard]] awaitable<std::size_t> drain(std::string queue, bool also_delayed = false) const;
    /// Forgets jobs in a state that were over, or if it is none of those two added, `older_than` ago; at most so many.
    [[nodiscard]] awaitable<std::size_t> clean(std::string queue, job_state state, std::chrono::milliseconds older_than,
                                               std::size_t most = 1'000'000) const;
    /// Forgets all of a queue: its jobs, schedules and settings. Throws infra::errc::invalid_state while jobs of it run,
    /// and the queue is paused then; with `force` they are cancelled first and waited for, until the deadline.
    [[nodiscard]] awaitable<void> obliterate(std::string queue, std::optional<deadline> force = {}) const;

    /// What ended in each minute, up to a week back, oldest first; minutes in which nothing did are left out.
    [[nodiscard]] awaitable<std::vector<minute_counts>> history(std::string queue, std::chrono::minutes back) const;
    /// Since when the one of its jobs waits that has waited longest: it was added, or its delay or pause was over, or its
    /// children were done. Empty when none waits.
    [[nodiscard]] awaitable<std::optional<wall_time>> oldest_waiting(std::string queue) const;
    /// Of the queues named, or of all. Whoever looks keeps `queue_waiting_jobs{queue}` and
    /// `queue_oldest_waiting_seconds{queue}` fresh; workers do, every 15 s.
    [[nodiscard]] awaitable<std::vector<backlog>> backlogs(std::vector<std::string> queues = {}) const;
    /// Who takes its jobs, or any queue's when none is named, in whatever process.
    [[nodiscard]] awaitable<std::vector<worker_info>> workers(std::string queue = {}) const;
    /// From now on.
    [[nodiscard]] awaitable<event_follower> follow(std::string queue) const;

    // --- jobs ---

    /// Those that fit, page by page: pass `next` of a page as `cursor` for the following one.
    [[nodiscard]] awaitable<job_page> list(job_filter filter, std::size_t max = 100, std::string cursor = {}) const;
    [[nodiscard]] awaitable<job_page> list(list_request request) const;

    /// False if the job is not there, or in no state for it; see job_change. Cancelled and removed are with it those that it
    /// waits for, as far as they have not ended, and those that these wait for. A parent goes on without a child that is
    /// removed by name; one that is retried runs without those that failed it, unless they are retried before.
    [[nodiscard]] awaitable<bool> retry(job_key job) const { return change_one(job_change::retry, std::move(job)); }
    [[nodiscard]] awaitable<bool> promote(job_key job) const { return change_one(job_change::promote, std::move(job)); }
    [[nodiscard]] awaitable<bool> cancel(job_key job) const { return change_one(job_change::cancel, std::move(job)); }
    [[nodiscard]] awaitable<bool> remove(job_key job) const { return change_one(job_change::remove, std::move(job)); }
    [[nodiscard]] awaitable<bool> retry(job_id id) const { return retry(job_key{{}, std::move(id)}); }
    [[nodiscard]] awaitable<bool> promote(job_id id) const { return promote(job_key{{}, std::move(id)}); }
    [[nodiscard]] awaitable<bool> cancel(job_id id) const { return cancel(job_key{{}, std::move(id)}); }
    [[nodiscard]] awaitable<bool> remove(job_id id) const { return remove(job_key{{}, std::move(id)}); }

    /// All that fit, bit by bit; how many it were. Jobs that come to fit meanwhile may be left out. Each by itself: what one
    /// waits for goes on without it, unless it fits as well; to what waits for it, it has failed. retry_all takes the newest
    /// thousand first, and so on, so that a flow that failed waits for its children again and runs in its order.
    [[nodiscard]] awaitable<std::size_t> retry_all(job_filter which) const;
    [[nodiscard]] awaitable<std::size_t> promote_all(job_filter which) const;
    [[nodiscard]] awaitable<std::size_t> cancel_all(job_filter which) const;
    [[nodiscard]] awaitable<std::size_t> remove_all(job_filter which) const;

    /// One step of these, for callers that bound each of theirs: at most `max` jobs, from `cursor` on. `now` is filled in.
    [[nodiscard]] awaitable<change_result> change(change_request request) const;

    /// What it waits or waited for, page by page as list().
    [[nodiscard]] awaitable<children_page> children(job_key job, std::size_t max = 1000, std::string cursor = {}) const;

    [[nodiscard]] awaitable<std::vector<log_line>> logs(job_key job) const;
    [[nodiscard]] awaitable<std::vector<log_line>> logs(job_id id) const { return logs(job_key{{}, std::move(id)}); }

    /// The job once it is completed or failed. Throws infra::errc::timed_out at the deadline, and errc::job_failed if
    /// nothing is known of the job, or no longer.
    [[nodiscard]] awaitable<job_info> wait_for(job_key job, deadline limit) const;
    [[nodiscard]] awaitable<job_info> wait_for(job_id id, deadline limit) const {
        return wait_for(job_key{{}, std::move(id)}, limit);
    }

    /// What its handler returned. Throws as wait_for(), errc::job_failed with its reason if it failed, and json::invalid if
    /// the result is no T.
    template <class T = json::value>
    [[nodiscard]] awaitable<T> wait_for_result(job_key job, deadline limit) const {
        return parsed<T>(result_text(std::move(job), limit));
    }
    template <class T = json::value>
    [[nodiscard]] awaitable<T> wait_for_result(job_id id, deadline limit) const {
        return wait_for_result<T>(job_key{{}, std::move(id)}, limit);
    }

    // --- schedules ---

    /// Stores a schedule that adds jobs named `name`; the same again changes nothing but what is different. Throws
    /// std::invalid_argument naming what is wrong with `when`.
    [[nodiscard]] awaitable<void> upsert_schedule(new_schedule s) const;
    /// False if it is not there. A run that is active ends as it will.
    [[nodiscard]] awaitable<bool> remove_schedule(schedule_key key) const;
    /// Has no run of it made or started any more, anywhere, until it is resumed, also where a process defines it anew; false if it
    /// is not there. A run that was taken goes on, and queue::run_cron adds one all the same.
    [[nodiscard]] awaitable<bool> pause_schedule(schedule_key key) const;
    /// It runs again from its next time after now; what would have run meanwhile is not made up for. False if it is not there.
    [[nodiscard]] awaitable<bool> resume_schedule(schedule_key key) const;
    /// All that are stored, of one queue or of all.
    [[nodiscard]] awaitable<std::vector<cron_job>> schedules(std::optional<std::string> queue = {}) const;

    const std::shared_ptr<backend>& stored() const noexcept { return stored_; }
    clock& time() const noexcept { return *time_; }

private:
    awaitable<bool> change_one(job_change what, job_key job) const;
    awaitable<std::string> result_text(job_key job, deadline limit) const;

    template <class T>
    static awaitable<T> parsed(awaitable<std::string> result) {
        const auto text = co_await std::move(result);
        co_return json::parse<T>(text, {.max_bytes = text.size()}).value();
    }

    std::shared_ptr<backend> stored_;
    clock* time_;
};

} // namespace infra::queue
