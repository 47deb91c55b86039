#pragma once

/// Whether a live queue on Redis agrees with itself, whoever wrote to it: BullMQ of any version, this library, a person.
///
///     auto found = co_await infra::queue::examine(infra::queue::redis_queue_options_from("redis://10.0.0.5"));
///     for (const auto& each : found.findings)
///         std::cout << each.queue << ": " << each.detail << '\n';
///
/// It only reads unless it is told to repair. What it reads changes meanwhile, so what looks wrong is looked at again, in
/// one moment of the server, before it is called so. `infra queue doctor` is this on the command line.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/queue/redis.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

/// What can be wrong, and what repairing does about it.
enum class ailment {
    orphan_hash,  ///< a job that stands nowhere, and so never runs. Forgotten, and its parent waits for it no longer
    orphan_part,  ///< keys of a job that is gone: its log, its children's results. Removed
    missing_hash, ///< an id that stands somewhere without a job. Taken out
    two_places,   ///< an id that stands in several places, or twice in one. Stays in the one nearest to its end
    active_without_lock, ///< its worker vanished or lost it. Put down for the next look for stalled jobs
    stuck_parent,        ///< waits for children that are all over or gone. Released
    missing_marker,      ///< jobs wait, and nothing wakes a worker that sleeps. Put there
    parked_jobs,         ///< they stand apart as in a paused queue (BullMQ 5), which this is not. Put in line
    stale_deduplication, ///< held by a job that is gone: BullMQ 5 never adds another. Freed
    lost_schedule,       ///< its next run is nowhere. Not repaired: define it again
    mixed_versions, ///< BullMQ 5 and 6 have both added to a paused queue, and 5 loses jobs as it resumes. Not repaired
    split_queue, ///< scattered over a cluster, where nobody can work on it. Not repaired: see redis_queue_options::prefix
    wrong_type, ///< a key of the queue holds something of another kind than its programs look for there. Not repaired, and
                ///< nothing else is looked at in this queue
    eviction_policy, ///< the server may forget keys when memory is short. Not repaired: set maxmemory-policy noeviction
};
inline constexpr std::size_t ailments = 14;

std::string_view to_string(ailment what) noexcept; ///< `orphan_hash` …

struct finding {
    ailment what = ailment::orphan_hash;
    std::string queue{};  ///< empty: of the server
    std::string id{};     ///< of a job, a deduplication or a schedule; empty: of the queue
    std::string detail{}; ///< a sentence
    bool repaired = false;

    friend bool operator==(const finding&, const finding&) = default;
};

/// Whether repairing does something about it.
bool is_repairable(ailment what) noexcept;

struct examine_options {
    std::vector<std::string> queues{}; ///< empty: all under the prefix
    bool repair = false;               ///< mend what can be, not only tell of it
    std::size_t max_jobs = 1'000'000;  ///< that are looked at; each takes some 200 bytes of memory meanwhile
    std::size_t max_findings = 10'000; ///< that are listed
};

struct diagnosis {
    std::vector<finding> findings{}; ///< by queue, those of the servers first
    std::size_t queues = 0;
    std::size_t jobs = 0;
    bool complete = true; ///< false: there are more jobs, or more findings, than were asked for
};

/// Looks at all keys of the prefix, a thousand at a time, in a cluster at each master.
///
/// Errors: infra::error, errc::unavailable where the server does not answer within redis_queue_options::timeout.
/// Cancel: all types. What was repaired by then stays so.
/// Lifetime: `time` must outlive it.
awaitable<diagnosis> examine(redis_queue_options at, examine_options how = {}, clock& time = real_clock());

} // namespace infra::queue
