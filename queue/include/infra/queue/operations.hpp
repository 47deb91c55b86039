#pragma once

/// What people ask of a queue beside running it: settings, lists, changes, logs, events, history. The values, and the
/// second part of the seam for those who write a backend; users call queue/control.hpp.
///
///     co_await stored->configure({.queue = "mail", .concurrency = 10});
///     auto page = co_await stored->list({.filter = {.queue = "mail", .states = {job_state::failed}}});
///     co_await stored->change({.what = job_change::retry, .filter = page_filter, .now = clock.wall()});
///
/// Each call looks at a bounded number of jobs, so that nobody waits long for a backend that a call of millions holds;
/// what takes longer is a loop of the core's over a cursor.

#include <infra/base/awaitable.hpp>
#include <infra/queue/error.hpp>
#include <infra/queue/options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

// --- Settings -----------------------------------------------------------------------------------------------------

/// At most `max` jobs of a queue are started within `duration`, which begins with the first of them.
struct rate_limit {
    std::size_t max = 0; ///< 0: any number
    std::chrono::milliseconds duration{1'000};

    friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

/// What holds for each group of a queue, see enqueue_options::group. Zero is no limit.
struct group_limits {
    std::size_t concurrency = 0; ///< jobs of one group that may be active at once
    rate_limit rate{};           ///< jobs of one group that may be started within a time

    friend bool operator==(const group_limits&, const group_limits&) = default;
};

/// What holds for a queue in all processes until it is changed. Zero is no limit.
struct queue_settings {
    std::string queue{};         ///< its name
    bool paused = false;         ///< nothing is taken; what runs goes on, what is added waits
    std::size_t concurrency = 0; ///< jobs that may be active at once
    rate_limit rate{};           ///< jobs that may be started within a time
    /// Jobs that may wait, delayed ones and those that wait for children included; more are refused with errc::full.
    std::size_t max_length = 0;
    group_limits per_group{};

    friend bool operator==(const queue_settings&, const queue_settings&) = default;
};

/// What is left out stays as it is.
struct settings_change {
    std::string queue{};
    std::optional<bool> paused{};
    std::optional<std::size_t> concurrency{};
    std::optional<rate_limit> rate{};
    std::optional<std::size_t> max_length{};
    std::optional<group_limits> per_group{};
    wall_time now{}; ///< of the events `paused` and `resumed`
};

// --- Lists and changes --------------------------------------------------------------------------------------------

/// Picks jobs that fit everything said.
struct job_filter {
    std::string queue{};             ///< empty: of any
    std::vector<job_state> states{}; ///< empty: any
    std::string name{};              ///< empty: any
    std::string data_contains{};     ///< in the payload's JSON text, as it is stored
    std::string reason_contains{};   ///< in failed_reason
    std::string group{};             ///< empty: any, and none
    std::optional<wall_time> created_before{};
    std::optional<wall_time> finished_before{}; ///< only what is completed or failed
};

bool matches(const job_filter& filter, const job_info& job);

struct list_request {
    job_filter filter{};
    std::size_t max = 100;
    bool newest_first = false; ///< by when they were added; a job that is added meanwhile may be missing
    std::string cursor{};      ///< `next` of the page before; opaque
};

/// May hold fewer than asked, even none, with more to come: only an empty `next` says that this was all.
struct job_page {
    std::vector<job_info> jobs{};
    std::string next{};
    std::size_t looked_at = 0; ///< jobs that were looked at for it, of whatever queue and state
};

/// What can be done to a job that nobody is running, or by asking whoever runs it.
enum class job_change {
    /// completed, failed: waits again, as if it were new: its attempts, stalls and time to live are forgotten. It waits for
    /// its children if some are pending, and no longer for the failure of those that failed it. Its parent waits for it
    /// again, if that waits for children or is over.
    retry,
    promote, ///< delayed: waits from now on
    /// waiting, delayed, waiting_children: fails with `cancelled_reason`; active: its worker is asked, and it does not run
    /// again
    cancel,
    /// all but active ones, and the pending run of a schedule: forgotten. A parent that waits for one that is named does so no
    /// longer; for one that fits a filter, it has failed, with `removed_reason` (see child_failure). Its own children go on
    /// without a parent.
    remove,
};
std::string_view to_string(job_change what) noexcept;

struct change_request {
    job_change what = job_change::retry;
    std::vector<job_key> jobs{}; ///< these; when none is named, those that fit the filter
    job_filter filter{};
    std::size_t max = 1000; ///< of those that fit the filter, at most so many
    std::string cursor{};   ///< `next` of the call before
    wall_time now{};
    /// cancel, remove: with each job that is changed those that it waits for, as far as they have not ended, and those that
    /// these wait for. All or none: infra::errc::overloaded where they are more than max_family.
    bool with_children = false;
};

/// Jobs that are in no state for the change are left alone and not counted.
struct change_result {
    std::size_t changed = 0;
    std::string next{}; ///< empty: all were looked at
};

// --- What handlers tell -------------------------------------------------------------------------------------------

struct log_line {
    wall_time at{};
    std::string text{};

    friend bool operator==(const log_line&, const log_line&) = default;
};

/// So many lines of a job are kept, the last ones.
inline constexpr std::size_t max_log_lines = 1000;

/// From a handler, about the job whose lease it has.
struct note {
    lease held{};
    std::optional<std::string> progress{}; ///< JSON text
    std::vector<log_line> lines{};
    wall_time at{};
};

// --- Events -------------------------------------------------------------------------------------------------------

/// Something that happened to a job or to its queue.
struct job_event {
    enum class kind {
        added,
        deduplicated, ///< a duplicate of this job came
        active,       ///< a worker took it
        progress,     ///< `data` is what the handler told
        completed,    ///< `data` is the result
        retrying,     ///< an attempt failed, for the reason in `data`
        failed,       ///< for the reason in `data`
        returned,     ///< its worker stops, or has snoozed it
        stalled,      ///< its worker vanished
        waiting,      ///< a person had it retried or promoted, or its children are done
        cancel_requested,
        removed, ///< by a person; or a run of a schedule that was missed
        paused,  ///< the queue
        resumed, ///< the queue
        waiting_children,
    };
    std::uint64_t number = 0; ///< grows within a queue
    kind what = kind::added;
    std::string queue{};
    job_id id{}; ///< empty for what happens to the queue
    wall_time at{};
    std::string data{};
};
std::string_view to_string(job_event::kind what) noexcept;

/// So many events of a queue are kept for those who follow it.
inline constexpr std::size_t max_events = 10'000;

struct events_request {
    std::string queue{};
    std::string cursor{}; ///< `next` of the page before; empty: what happens from now on
    std::size_t max = 1000;
    wall_time now{};
    /// Events are recorded while somebody asks for them again within so long.
    std::chrono::milliseconds keep_recording{60'000};
};

struct events_page {
    std::vector<job_event> events{};
    std::string next{};
    bool missed = false; ///< some were forgotten before they were read
};

// --- History ------------------------------------------------------------------------------------------------------

/// What ended within one minute.
struct minute_counts {
    wall_time minute{}; ///< its beginning
    std::size_t completed = 0;
    std::size_t failed = 0;

    friend bool operator==(const minute_counts&, const minute_counts&) = default;
};

/// So far back minutes are remembered.
inline constexpr std::chrono::hours history_kept{7 * 24};

// --- Workers ------------------------------------------------------------------------------------------------------

/// One that takes jobs, in whatever process: it has claimed, has not left, and its process lives.
struct worker_info {
    std::string name{};                ///< as job_info::worker
    std::vector<std::string> queues{}; ///< that it takes jobs of, as far as the storage knows
    wall_time since{};                 ///< its first claim

    friend bool operator==(const worker_info&, const worker_info&) = default;
};

/// So many of one process are known; further ones are not seen.
inline constexpr std::size_t max_workers = 1000;

// --- The verbs ----------------------------------------------------------------------------------------------------

/// Threads, Errors, Cancel, Lifetime: as backend's, of which this is a part.
class operations {
public:
    virtual ~operations() = default;

    /// The settings as they are then. Makes the queue known if it was not.
    virtual awaitable<queue_settings> configure(settings_change change) = 0;

    /// Of a queue; those of one that is not known are the defaults.
    virtual awaitable<queue_settings> settings(std::string queue) = 0;

    /// Forgets a queue without jobs or schedules: its settings, history, deduplications and events. False if it has some.
    virtual awaitable<bool> forget_queue(std::string queue) = 0;

    /// In the order in which they were added; on Redis in that of each state, one after the other, queue by queue.
    virtual awaitable<job_page> list(list_request request) = 0;

    virtual awaitable<change_result> change(change_request request) = 0;

    /// False for leases that are void: nothing of that note was kept.
    virtual awaitable<std::vector<bool>> tell(std::vector<note> notes) = 0;

    /// Oldest first; none of a job that is not known.
    virtual awaitable<std::vector<log_line>> logs(job_key job) = 0;

    /// Waits until there is at least one event, unless the cursor is empty: then at once, so that what is done afterwards
    /// will be seen.
    virtual awaitable<events_page> events(events_request request) = 0;

    /// Minutes in which something ended, from `from` to before `to`, oldest first.
    virtual awaitable<std::vector<minute_counts>> history(std::string queue, wall_time from, wall_time to) = 0;

    /// Those that take jobs of one of the queues named, or of any when none is named; oldest first. One whose process has
    /// ended in any way is gone at once, or where the storage sees processes come and go by a connection or a lease, as
    /// soon as that is over.
    virtual awaitable<std::vector<worker_info>> workers(std::vector<std::string> queues) = 0;

    /// For each queue since when the one job waits that has waited longest (claimed_job::waiting_since); empty where none
    /// does. One whose delay is over waits, though nobody has come to see to it. May look at a bounded number of a queue's
    /// priorities and groups (SQLite: 1000, shared by the queues of a call, at least 10 of each), and so miss those of others.
    virtual awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                           wall_time now) = 0;

    /// Waits until the job is completed or failed, and gives it as it is then. Empty if nothing is known of it; also when
    /// it was ended by another process that kept nothing of it.
    virtual awaitable<std::optional<job_info>> wait_for_end(job_key job) = 0;
};

} // namespace infra::queue
