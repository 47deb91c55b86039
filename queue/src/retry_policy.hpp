#pragma once

// What follows from how an attempt ended: the queue's rules, without I/O.

#include <infra/queue/backend.hpp>
#include <infra/queue/registry.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

/// How an attempt ended.
struct attempt {
    enum class end {
        returned,    ///< the handler did
        threw,       ///< and another attempt may help
        threw_final, ///< unrecoverable, the payload does not fit, or the definition wants no other attempt
        waits,       ///< for its children
        snoozed,     ///< the handler wants to be asked later
        cancelled,   ///< the handler, or somebody else, wants the job no more
        skipped,     ///< a schedule's run that was missed and is not made up for
        interrupted, ///< the worker stops
        not_begun,   ///< there was no memory to
        held,        ///< until a place was free, for too long
        unknown_job, ///< nobody here can run it
    };
    end how = end::returned;
    std::string result{}; ///< returned: JSON text or empty
    std::string reason{}; ///< threw…, cancelled
    /// snoozed: how long. threw: instead of the job's backoff, if the definition has another.
    std::optional<std::chrono::milliseconds> pause{};
};

/// What to record. `random01` is the lot for the backoff's jitter.
outcome after(const claimed_job& job, attempt ended, wall_time now, double random01);

/// True if a job's worker vanished so often that the job is likely the cause.
bool is_poison(const claimed_job& job, int max_stalls) noexcept;

/// How long a job whose name nobody here knows is left to other workers.
inline constexpr std::chrono::seconds unknown_job_pause{10};

/// What a worker that runs `jobs` asks to be forgotten for its age: of each queue all of whose jobs have a limit, what is
/// older than the longest of them.
std::vector<prune_request> to_prune(const std::vector<std::shared_ptr<const known_job>>& jobs, wall_time now);

/// `text` fit to be stored and shown: valid UTF-8 without control characters that break lines of a terminal apart, cut to
/// `max_bytes` with an ellipsis.
std::string readable(std::string_view text, std::size_t max_bytes = 4096);

/// After the n-th failure in a row of the storage itself, n from 1: 100 ms, doubling up to 5 s, half of it by lot.
std::chrono::milliseconds pause_after_trouble(int failures, double random01);

} // namespace infra::queue
