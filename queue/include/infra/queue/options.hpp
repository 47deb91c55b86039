#pragma once

/// The plain values of the queue: ids, states, options, and what is known about a job. They cross the seam between the
/// core and its backends (backend.hpp) and are what users see.

#include <infra/base/backoff.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

using infra::exponential;
using infra::fixed;

/// Text: it is logged, stored and put in addresses as it is. Those that no caller chose are numbers, counted by the
/// storage.
using job_id = std::string;

/// Where a job is. A job is in exactly one of these, or forgotten.
enum class job_state : std::uint8_t {
    waiting,          ///< may be taken now
    delayed,          ///< may be taken later: its first run, or a retry
    active,           ///< taken by a worker under a lease
    completed,        ///< over: the handler returned
    failed,           ///< over: attempts used up, or no further one would help
    waiting_children, ///< waiting or delayed once its children are done
};
inline constexpr std::size_t job_states = 6;

std::string_view to_string(job_state state) noexcept; ///< `waiting` …

/// What happens to the record of a job that is over. Evicted when another job of the queue ends the same way, and by a
/// running worker once a minute.
struct keep {
    std::optional<std::size_t> count{};        ///< at most so many of a queue, newest first; unset: any number
    std::optional<std::chrono::seconds> age{}; ///< at most so old; unset: any age

    friend bool operator==(const keep&, const keep&) = default;
};

/// How a job is run and remembered: from its definition, changed by enqueue_options, stored with the job.
struct job_options {
    int attempts = 1;                                   ///< 1 … 1'000'000, the first one included
    infra::backoff backoff{};                           ///< between attempts; the default retries at once
    std::optional<std::chrono::milliseconds> timeout{}; ///< of one attempt; unset: none
    int priority = 0;                                   ///< 0 (first) … 2'097'151; 1 is served before 2
    bool lifo = false;                                  ///< true: in front of those of its priority that wait
    std::optional<std::chrono::milliseconds> ttl{};     ///< see enqueue_options::ttl
    keep keep_completed{.count = 1000};                 ///< records of jobs that were done
    keep keep_failed{.count = 5000};                    ///< records of jobs that failed for good

    friend bool operator==(const job_options&, const job_options&) = default;
};

/// Several jobs for one purpose, of which one is enough. The first job with an `id` holds it; a later one with the same id is
/// a duplicate: it is not added, and the holder's id is returned. Only within a queue. The words and rules are BullMQ's.
struct deduplication {
    std::string id{}; ///< 1 to 200 bytes of UTF-8
    /// Unset: held until the holder is over or removed. Set: for so long, whatever becomes of the holder; at least 1 ms.
    std::optional<std::chrono::milliseconds> ttl{};
    bool extend = false;  ///< a duplicate begins the ttl anew
    bool replace = false; ///< a duplicate takes the place of a holder that is still delayed: only the last of many runs
    /// The last duplicate that comes while the holder runs is added once that is over. Takes no ttl, and is not for jobs with
    /// children.
    bool keep_last_if_active = false;

    friend bool operator==(const deduplication&, const deduplication&) = default;
};

/// What becomes of a job when one of its children fails for good.
enum class child_failure : std::uint8_t {
    fail_parent,     ///< it fails as well, and does not run. A child that is cleared away (control::drain) has failed
    continue_parent, ///< it runs at once, whatever else it waits for
    ignore,          ///< that child counts as done
    remove,          ///< the same, and nothing is kept of the child
    wait,            ///< it waits on, until the child is retried and completes, or is removed
};
std::string_view to_string(child_failure policy) noexcept; ///< `fail_parent` …

/// Per call. What is left out is what the job's definition says.
struct enqueue_options {
    std::chrono::milliseconds delay{0};      ///< at least zero
    std::optional<wall_time> run_at{};       ///< instead of a delay; in the past means now
    std::optional<int> attempts{};           ///< 1 … 1'000'000
    std::optional<infra::backoff> backoff{}; ///< between attempts
    std::optional<int> priority{};           ///< 0 … 2'097'151
    bool lifo = false;                       ///< true: in front of those of its priority that wait
    /// As long as the record of a job with this id is kept in the queue, whatever became of it, no second one is added
    /// and its id is returned. Rules: `check_job_id`.
    std::optional<job_id> id{};
    std::optional<keep> keep_completed{};               ///< its record, once it is done
    std::optional<keep> keep_failed{};                  ///< its record, once it has failed for good
    std::optional<std::chrono::milliseconds> timeout{}; ///< of one attempt
    /// Not started any more once it has waited so long, from when it first might run; a retry neither. Then it fails with the
    /// reason `expired_reason`. At least 1 ms.
    std::optional<std::chrono::milliseconds> ttl{};
    std::optional<deduplication> deduplicate{}; ///< one of many of the same kind
    /// In a queue at its max_length: how long to wait for room, at least zero. Then, and at once when unset, errc::full.
    std::optional<std::chrono::milliseconds> wait_for_room{};
    /// Another queue than the definition's; for a job that is not defined here, other than its name.
    std::optional<std::string> queue{};
    /// Whose it is, such as a tenant's name: 1 to 200 bytes of UTF-8. The groups of a queue are served in turns, one job of
    /// each, and may be limited (control::set_group_limits); jobs of no group stand in the same line by themselves.
    std::optional<std::string> group{};
};

/// Names a job. An empty queue means: the one that has this id. Ids are unique in a queue: where several have it (chosen ids; on
/// Redis the numbers that it gives as well) whoever asks is refused with errc::ambiguous, and nothing happens.
struct job_key {
    std::string queue{};
    job_id id{};

    friend bool operator==(const job_key&, const job_key&) = default;
};

/// The right to run a job until a time, and to say how that ended. Void as soon as somebody else got it.
struct lease {
    job_key job{};
    std::uint64_t fence = 0; ///< at least 1, and greater than that of every earlier lease of the job
    std::string token{};     ///< the backend's own; opaque
};

/// An attempt that failed.
struct job_error {
    int attempt = 1;
    wall_time at{};
    std::string reason{};

    friend bool operator==(const job_error&, const job_error&) = default;
};

/// So many of a job's last errors are remembered.
inline constexpr std::size_t max_job_errors = 10;

/// The failed_reason of jobs that no handler ended.
inline constexpr std::string_view expired_reason = "expired: not started within its time to live";
inline constexpr std::string_view cancelled_reason = "cancelled";
/// What a parent knows of a child that was taken away when somebody cleared up.
inline constexpr std::string_view removed_reason = "removed";

/// How many children a job has. Of those that were removed, or failed under child_failure::remove, none is counted.
struct children_counts {
    std::size_t pending = 0; ///< that their parent waits for
    std::size_t completed = 0;
    std::size_t failed = 0;

    std::size_t total() const noexcept { return pending + completed + failed; }
    friend bool operator==(const children_counts&, const children_counts&) = default;
};

/// What is remembered about a job.
struct job_info {
    std::string queue{};
    job_id id{};
    std::string name{};
    job_state state = job_state::waiting;
    std::string data{};          ///< JSON text
    std::string result{};        ///< JSON text; empty unless completed with a value
    std::string failed_reason{}; ///< of the last attempt that failed; empty if none did
    int attempts_made = 0;       ///< that ended, in success or failure
    std::uint64_t fence = 0;     ///< of its last lease, greater each time it is taken; 0 before the first
    int stalls = 0;              ///< how often a worker vanished with it
    wall_time created_at{};
    std::optional<wall_time> run_at{};      ///< when delayed: not before
    std::optional<wall_time> started_at{};  ///< last taken
    std::optional<wall_time> finished_at{}; ///< completed or failed
    std::optional<wall_time> expires_at{};  ///< not started from then on
    job_options options{};
    std::string deduplication_id{};  ///< empty: none
    std::string progress{};          ///< JSON text, as the handler told it; empty: nothing yet
    std::vector<job_error> errors{}; ///< the last max_job_errors, oldest first
    bool cancel_requested = false;   ///< active, and not to run again whatever comes of this attempt
    std::string worker{};            ///< active: who runs it, as `host:pid:lot`; else empty
    std::string group{};             ///< empty: none
    std::optional<job_key> parent{}; ///< whose child it is, as long as that is there
    children_counts children{};
    std::string trace{}; ///< the trace in which it was added, 32 hex digits; empty: none
};

/// How many jobs of a queue are in each state.
struct queue_counts {
    std::string queue{};
    std::size_t waiting = 0;
    std::size_t delayed = 0;
    std::size_t active = 0;
    std::size_t completed = 0; ///< still remembered, see `keep`
    std::size_t failed = 0;    ///< still remembered, see `keep`
    std::size_t waiting_children = 0;
    std::size_t groups = 0; ///< that have jobs waiting
    bool paused = false;    ///< nothing of it is taken, see queue_settings

    friend bool operator==(const queue_counts&, const queue_counts&) = default;
};

/// Throw std::invalid_argument naming what is wrong: `queue::enqueue_options::delay must not be negative`.
///
/// A job id is 1 to 200 bytes of printable UTF-8 without spaces around it; neither all digits, nor `0:…`, nor with
/// colons (BullMQ keeps those forms for itself), nor a word that names one of BullMQ's own keys such as `meta`. A queue's
/// and a job's name are 1 to 100 such bytes without a colon.
void check_job_id(std::string_view id);
void check_name(std::string_view what, std::string_view name);
void check(const job_options& options, std::string_view what);
void check(const enqueue_options& options);

} // namespace infra::queue
