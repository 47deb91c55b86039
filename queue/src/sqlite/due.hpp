#pragma once

// What time alone brings about. Nobody waits for it: a claim sees to it first.

#include "jobs.hpp"

#include <vector>

namespace infra::queue::sqlite {

/// Jobs whose lease ran out wait again, in front; those that somebody wants to end, fail.
std::vector<job_key> rescue_expired(store& s, const claim_request& request);

/// Likewise what a process has that is gone, whatever the time.
std::vector<job_key> rescue_all_of(store& s, const std::string& process, wall_time now);

/// Jobs whose delay is over wait behind those that do.
void promote_due(store& s, std::int64_t now);

/// Jobs of the queues named that wait and were not started in time fail.
std::vector<job_key> fail_expired(store& s, const claim_request& request);

/// Whether some are left that fail_expired() had no time for.
inline bool has_expired(const ledger::row& queue, wall_time now) noexcept {
    return queue.next_expiry <= to_unix_ms(now);
}

/// When time brings something next, for who asks for these queues.
std::optional<wall_time> next_due(store& s, const claim_request& request);

} // namespace infra::queue::sqlite
