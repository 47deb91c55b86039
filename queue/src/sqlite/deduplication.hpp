#pragma once

// Several jobs for one purpose, of which one is enough: who holds a deduplication's id, until when, and what follows. The
// rules are those of `deduplication` in options.hpp, and src/memory/enqueue.cpp shows them plainly.

#include "jobs.hpp"

namespace infra::queue::sqlite {

/// What becomes of a job that has a deduplication.
struct judgement {
    addition how = addition::created;
    job_id holder{};                     ///< deduplicated: whose duplicate it is
    std::optional<std::int64_t> until{}; ///< otherwise: how long the job shall hold the id
};

/// Looks whether somebody holds the id; the holder may make way for the job, or the job be kept for when that is over.
judgement judge(store& s, ledger::row& queue, const new_job& job);

/// The job that was added holds its id.
void hold(store& s, const ledger::row& queue, const new_job& job, std::int64_t seq, std::optional<std::int64_t> until);

/// Whether somebody holds the job's id.
bool is_duplicate(store& s, const ledger::row& queue, const new_job& job);
/// One that makes way for it.
bool replaces(store& s, const ledger::row& queue, const new_job& job);

/// For a job that is over: without a ttl its id is free, or that of the duplicate which was kept. Before its row is gone.
void release_deduplication(store& s, ledger::row& queue, std::int64_t seq, wall_time at);

/// For a job that somebody removes. Before its row is gone.
void free_deduplication(store& s, const ledger::row& queue, std::int64_t seq);

/// Forgets those whose time is over, at most so many.
void forget_past_deduplications(store& s, wall_time now, std::int64_t most = most_at_once);

} // namespace infra::queue::sqlite
