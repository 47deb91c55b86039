#pragma once

/// The seam: the core decides, the backend remembers.
///
///     auto stored = infra::queue::make_sqlite_backend({.file = "var/queue.db"});
///     auto kept = co_await stored->enqueue({{.queue = "mail", .name = "welcome", .data = "{}"}});
///     auto taken = co_await stored->claim({.queues = {"mail"}, .max = 10, .worker = "me", .now = clock.wall()});
///     co_await stored->finish({{.held = taken.jobs[0].held, .as = outcome::kind::completed, .at = clock.wall()}});
///
/// Every verb is an arrow of the state diagram in queue/README.md. Policy (when to retry, what to keep, what time it is)
/// arrives as values: a backend draws no lots, and reads no clock but the one that a waiting claim hands in.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/queue/children.hpp>
#include <infra/queue/error.hpp>
#include <infra/queue/operations.hpp>
#include <infra/queue/options.hpp>
#include <infra/queue/schedules.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

/// A job to be stored.
struct new_job {
    std::string queue{};
    job_id id{}; ///< empty: the backend gives one, digits alone, unique in its queue
    std::string name{};
    std::string data = "{}"; ///< JSON text
    job_options options{};
    std::string
        carrier{}; ///< the producer's trace headers as to_carrier writes them; empty: none. Never logged or shown
    wall_time created_at{};
    std::optional<wall_time> run_at{};     ///< later than created_at: starts delayed
    std::optional<wall_time> expires_at{}; ///< from then on it is failed instead of taken
    std::optional<infra::queue::deduplication> deduplicate{};
    std::string group{};              ///< empty: none
    std::optional<child_of> parent{}; ///< stands before it in the call, or in the storage
};

/// What became of a new_job.
enum class addition {
    created,
    existed,      ///< its id was there, and nothing changed
    deduplicated, ///< `id` is that of the job it is a duplicate of
    replaced,     ///< created in the place of the job it is a duplicate of
    left_out,     ///< its parent of the same call was not created; nothing is known of it
};
struct added_job {
    job_id id{};
    addition how = addition::created;

    bool created() const noexcept { return how == addition::created || how == addition::replaced; }
};

/// What became of a lease that was to be extended.
enum class renewal {
    held,             ///< until the new time
    cancel_requested, ///< held as well; somebody wants the job to end
    lost,             ///< void: the job is over, or somebody else's
};

/// One that ends further off was written by a clock that has been put back since, and is over.
inline constexpr std::chrono::hours longest_lease{24};

/// Of claim_request::worker.
inline constexpr std::size_t max_worker_bytes = 200;

struct claim_request {
    std::vector<std::string> queues{};       ///< of these, in fair turns
    std::size_t max = 1;                     ///< at most so many jobs
    std::string worker{};                    ///< who asks, for people: job_info::worker, of which 200 bytes are kept
    std::string name{};                      ///< worker_options::name
    std::chrono::milliseconds lease{10'000}; ///< at most longest_lease
    int max_stalls = 3; ///< worker_options::max_stalls, for storages that tell it to other programs
    wall_time now{};
    /// A lease that ended by then is over; unset: by `now`. Earlier than `now` for a while after the wall clock jumped.
    std::optional<wall_time> expired_before{};

    /// While there is nothing to take, wait for it. What then comes is taken in the very transaction that brings it, and
    /// leased from what `time` says, since `now` has grown old. Also ends, with nothing, when something is due before
    /// `due`; and may for no reason.
    bool wait = false;
    std::optional<wall_time> due{}; ///< until when its caller lets it wait: the next_due it knows, or unset
    clock* time = nullptr;          ///< must outlive the wait; null: `now` stays
};

struct claimed_job {
    lease held{};
    std::string name{};
    std::string data{};
    job_options options{};
    std::string carrier{}; ///< as it was stored; also what another system wrote there
    int attempts_made = 0; ///< before this one
    int stalls = 0;        ///< leases that ran out before this one
    /// From when it could have been taken: it was added, its delay or pause was over, its children were done, somebody had
    /// it retried or promoted, or it was given back or found with a worker that vanished. Empty: not known.
    std::optional<wall_time> waiting_since{};
    /// Not empty: it fails for good for this reason, and no handler runs. What no attempt would help: other programs decided so
    /// while nobody had it, or wrote what cannot be read.
    std::string fail_with{};
};

struct claim_result {
    std::vector<claimed_job> jobs{};
    /// Jobs whose lease had run out and that wait again, in front; of any queue (Redis: of those named).
    std::vector<job_key> rescued{};
    /// Jobs of the queues named that were not started in time and have failed.
    std::vector<job_key> expired{};
    /// When fewer than `max` were there: the earliest time at which one that is delayed or held by somebody may become
    /// free, of any queue; empty: none is.
    std::optional<wall_time> next_due{};
};

/// For those who write a backend: whether a claim that found this waits on.
bool waits_on(const claim_request& request, const claim_result& found) noexcept;

/// How a lease ended.
struct outcome {
    enum class kind {
        completed, ///< the handler returned
        retry,     ///< an attempt failed, another follows
        failed,    ///< the last attempt failed
        returned,  ///< interrupted; no attempt is spent, and the job stands in front again
        dropped,   ///< not performed, and forgotten: it counts as nothing, in no count and no history
        waits,     ///< for its children; no attempt is spent. Stands in front at once if none is pending any more
    };
    lease held{};
    kind as = kind::completed;
    std::string result{}; ///< completed: JSON text, or empty
    std::string reason{}; ///< retry, failed: why
    wall_time at{};
    std::optional<wall_time> run_at{}; ///< retry, returned: not before; empty: at once
    infra::queue::keep keep{};         ///< completed, failed: how much of the queue's history stays
};
/// As the rules about children see it.
run_end end_of_run(outcome::kind as) noexcept;

struct prune_request {
    std::string queue{};
    infra::queue::keep completed{};
    infra::queue::keep failed{};
    wall_time now{};
};

/// Where jobs are kept. These verbs let them live; operations.hpp and schedules.hpp hold the others.
///
/// Threads:  any member from any thread.
/// Errors:   infra::error: errc::unavailable, corrupt, incompatible and ambiguous of the queue; infra::errc::closed after stop();
///           infra::errc::overloaded when too much waits already. A verb that throws has changed nothing, unless it was
///           cancelled. What is returned is durable.
/// Cancel:   all types. What was asked for may or may not happen. A claim alone ends so only if it took nothing: what it
///           took, it returns.
/// Lifetime: must be stopped or destroyed before the executors that its operations were awaited on.
class backend : public operations, public schedule_store, public children_store {
public:
    /// Adds all or none; errc::full where a queue would hold more than its max_length. One result for each, in order. Jobs
    /// whose children are in the call wait for them; whose children cannot be added: see children.hpp.
    virtual awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) = 0;

    /// First frees jobs whose lease ran out and those whose delay is over, then takes up to `max`, as far as the queues'
    /// settings let it: by queue in turns, by priority, then first come, first served (lifo: last come); of a group only one
    /// stands in that line, see groups.hpp. Waits for work if that is asked for, also for what
    /// another process adds. Time alone brings none: the caller knows `next_due`. Whoever claims under a name is one of the
    /// workers() of these queues from then on.
    virtual awaitable<claim_result> claim(claim_request request) = 0;

    /// Takes a worker whose last claim has ended out of workers(). What it holds it keeps.
    virtual awaitable<void> leave(std::string worker) = 0;

    /// Holds leases for `length` from `now`, as far as they are not void; a storage with a clock of its own counts from there.
    virtual awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                                   wall_time now) = 0;

    /// Ends leases. False for those that were void: their outcome is not recorded.
    virtual awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) = 0;

    /// One for each key; empty where nothing is known.
    virtual awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) = 0;

    /// Of the queues named, in that order; of all there are, by name, when none is named.
    virtual awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues) = 0;

    /// Forgets finished jobs beyond what is to be kept, a bounded number in one call; how many it were.
    virtual awaitable<std::size_t> prune(std::vector<prune_request> requests) = 0;

    /// Finishes what waits, up to the deadline (of the machine's clock), and lets go of the storage; then every verb
    /// throws infra::errc::closed.
    virtual awaitable<void> stop(deadline limit) = 0;

    /// The lease of workers that name none: longer where the storage is further away, and where other programs expect it.
    virtual std::chrono::milliseconds usual_lease() const { return std::chrono::seconds(10); }

    /// For the line that says at start what was chosen: `sqlite:var/queue.db`. Without secrets.
    virtual std::string description() const = 0;
};

/// What enqueue throws of a queue that would hold more than its max_length.
error full_error(std::string_view queue, std::size_t max_length);

/// What every verb throws of a job_key without a queue that fits jobs of several.
error ambiguous_error(std::string_view id, std::vector<std::string> queues);

// --- Backends by URL ----------------------------------------------------------------------------------------------

using backend_factory = std::function<std::shared_ptr<backend>(std::string_view url)>;

/// Makes `scheme:` known to make_backend. Linking a backend's target does this; the last one wins. Always true.
bool register_backend(std::string scheme, backend_factory factory);

/// Whether a backend for `scheme:` is linked.
bool knows_backend(std::string_view scheme);

/// The backend a URL such as `sqlite:var/queue.db` names. Throws infra::error with infra::errc::misconfigured when no
/// linked target knows the scheme, or the URL is not of its form.
std::shared_ptr<backend> make_backend(std::string_view url);

} // namespace infra::queue
