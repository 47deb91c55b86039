#pragma once

// The seam's verbs on an open file, each in a file of its name, inside a transaction that the writer has begun.

#include "store.hpp"

#include <infra/queue/backend.hpp>

#include <utility>
#include <vector>

namespace infra::queue::sqlite {

std::vector<added_job> enqueue(store& s, const std::vector<new_job>& jobs);
claim_result claim(store& s, const claim_request& request);
claim_result claim_again(store& s, const claim_request& request); ///< of what came since
bool may_claim(store& s, const claim_request& request);           ///< looks whether something did
std::vector<renewal> extend(store& s, const std::vector<lease>& leases, wall_time until);
std::vector<bool> finish(store& s, const std::vector<outcome>& outcomes);
std::vector<std::optional<job_info>> get(store& s, const std::vector<job_key>& keys);
std::vector<queue_counts> counts(store& s, const std::vector<std::string>& queues);
std::size_t prune(store& s, const std::vector<prune_request>& requests);

// --- what several of them need ---

/// At most so many rows are moved or forgotten on the side in one operation, so that none takes long.
inline constexpr std::int64_t most_at_once = 1000;

/// A larger payload lies apart from its job's row, which is written again when the job ends.
inline constexpr std::size_t most_inline_bytes = 1024;

/// When a job is due, in milliseconds, rounded up: nothing runs before its time.
inline std::int64_t to_due_ms(wall_time t) noexcept {
    return to_unix_ms(saturating_add(t, std::chrono::milliseconds(1) - std::chrono::nanoseconds(1)));
}

/// What a lease's token says: which file, which job, which lease, and since when. Of another file's it finds no row, also
/// where somebody removed the file and numbers began anew.
struct row_lease {
    std::int64_t incarnation = 0;
    std::int64_t seq = 0;
    std::int64_t fence = 0;
    std::int64_t started_at = 0;
};
std::string to_token(const row_lease& held);
row_lease from_token(std::string_view token); ///< what was not made by to_token finds no row

/// The number that an id given by the file is; empty if it was not given.
std::optional<std::int64_t> given_number(std::string_view id);
/// A row's id: the column's, or its number.
job_id id_of(const query& q, int column, std::int64_t seq);

void stand_in_line(store& s, const ledger::row& queue, const standing& where);
void set_aside(store& s, const ledger::row& queue, std::int64_t due_at, std::int64_t seq); ///< until it is due

/// Forgets finished jobs of a queue beyond what is to be kept, oldest first, at most so many.
std::size_t forget_beyond(store& s, ledger::row& queue, job_state state, const keep& kept, wall_time now,
                          std::int64_t most = most_at_once);

/// Forgets a payload that lies apart.
void forget_payload(store& s, std::int64_t seq);

} // namespace infra::queue::sqlite
