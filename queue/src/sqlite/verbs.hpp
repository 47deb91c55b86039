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

/// When a job is due, in milliseconds, rounded up: nothing runs before its time.
inline std::int64_t to_due_ms(wall_time t) noexcept {
    return to_unix_ms(saturating_add(t, std::chrono::milliseconds(1) - std::chrono::nanoseconds(1)));
}

/// A lease's token names the row and the lease: `seq:fence`. It counts only together with the job's id, since numbers begin
/// anew where somebody removed the file.
struct row_lease {
    std::int64_t seq = 0;
    std::int64_t fence = 0;
};
std::string to_token(row_lease held);
row_lease from_token(std::string_view token); ///< what was not made by to_token finds no row

/// The options' columns of infra_payloads, `first` being `lifo`.
job_options read_options(const query& q, int first);

/// Forgets finished jobs of a queue beyond what is to be kept, oldest first, at most `most_at_once`.
std::size_t forget_beyond(store& s, ledger::row& queue, job_state state, const keep& kept, wall_time now);

/// Forgets one job, of which the row is already gone.
void forget_payload(store& s, std::int64_t seq);

} // namespace infra::queue::sqlite
