#pragma once

// What the verbs have in common: a job's lease and id, where it stands, and how it begins and ends. All of it inside a
// transaction.

#include "store.hpp"

#include <infra/queue/backend.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::sqlite {

/// At most so many rows are moved or forgotten on the side in one operation, so that none takes long.
inline constexpr std::int64_t most_at_once = 1000;

/// A larger payload lies apart from its job's row, which is written again when the job ends.
inline constexpr std::size_t most_inline_bytes = 1024;

/// When a job is due, in milliseconds, rounded up: nothing runs before its time.
inline std::int64_t to_due_ms(wall_time t) noexcept {
    return to_unix_ms(saturating_add(t, std::chrono::milliseconds(1) - std::chrono::nanoseconds(1)));
}

/// What a lease's token says: which file, which job, which lease. Of another file's it finds none, also where somebody removed
/// the file and numbers began anew.
struct lease_token {
    std::int64_t incarnation = 0;
    std::int64_t seq = 0;
    std::int64_t fence = 0;
};
std::string to_token(const lease_token& held);
lease_token from_token(std::string_view token); ///< what was not made by to_token finds no lease

/// Null if it is void. Until the next change of leases.
const lease_row* find_lease(const store& s, std::string_view token);

/// The number that an id given by the file is; empty if it was not given.
std::optional<std::int64_t> given_number(std::string_view id);
/// A row's id: the column's, or its number.
job_id id_of(const query& q, int column, std::int64_t seq);

// --- where a job stands: places.cpp ---

void stand_in_line(store& s, ledger::row& queue, const standing& where);
void set_aside(store& s, const ledger::row& queue, std::int64_t due_at, std::int64_t seq); ///< until it is due

/// Takes a job from among those that wait or are delayed; which of the two it was. Empty if it is neither. The counts
/// still name it there.
std::optional<job_state> leave_place(store& s, const ledger::row& queue, std::int64_t seq);

/// A job that waits no longer does not expire.
void expire_no_more(store& s, const ledger::row& queue, std::int64_t expires_at, std::int64_t seq);

// --- how it begins and ends ---

/// However long the queue is. A parent waits for children, which are to follow.
added_job add_job(store& s, ledger::row& queue, const new_job& job, bool is_parent = false);

/// Ends a job that has left its place and that no handler ends. `from` is where it is counted.
void fail_job(store& s, ledger::row& queue, std::int64_t seq, job_state from, std::string_view reason, wall_time at);

/// Takes a finished job from among those, and forgets how it ended.
void leave_finished(store& s, const ledger::row& queue, const job_end& end);

/// Forgets a job that has left its place. A deduplication stays as it is.
void forget_job(store& s, ledger::row& queue, std::int64_t seq, job_state from, wall_time at);

/// Forgets finished jobs of a queue beyond what is to be kept, oldest first, at most so many.
std::size_t forget_beyond(store& s, ledger::row& queue, job_state state, const keep& kept, wall_time now,
                          std::int64_t most = most_at_once);

/// Forgets a payload that lies apart.
void forget_payload(store& s, std::int64_t seq);

} // namespace infra::queue::sqlite
