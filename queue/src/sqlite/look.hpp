#pragma once

// Finding jobs: by number, by key, and those that fit a filter.

#include "store.hpp"

#include <infra/queue/operations.hpp>

namespace infra::queue::sqlite {

/// Who a job is and where it stands.
struct job_row {
    std::int64_t seq = 0;
    ledger::row* queue = nullptr;
    job_id id{};
    job_state state = job_state::waiting;
    std::int64_t place = 0; ///< its key in the table of those that wait or are delayed; of others: the one it had
    std::int64_t priority = 0;
    std::optional<std::int64_t> expires_at{};
};
std::optional<job_row> find_row(store& s, std::int64_t seq);
std::optional<job_row> find_row(store& s, const job_key& key);
/// Throws errc::ambiguous where no queue is named and several have a job with the id.
void refuse_if_ambiguous(store& s, const job_key& key);

/// `by_row`: of one that is neither active nor over.
job_state state_of(store& s, std::int64_t seq, job_state by_row);

std::optional<job_info> find_job(store& s, std::int64_t seq);

/// Forgets a job that nobody runs, with all that is kept about it, and frees its deduplication.
void remove_job(store& s, const job_row& job, wall_time now);

/// Jobs that fit, in the order of their numbers.
struct found_jobs {
    struct job {
        std::int64_t seq = 0;
        job_info info{};
    };
    std::vector<job> jobs{};
    std::string next{}; ///< empty: that was all
    std::size_t looked_at = 0;
};

/// Looks at a bounded number of jobs, and reads a bounded number of bytes of them.
found_jobs look(store& s, const list_request& request);

} // namespace infra::queue::sqlite
