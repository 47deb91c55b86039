#pragma once

// What becomes of a lease of the store between its beginning and its end.

#include "core.hpp"

namespace infra::cache::detail {

/// So soon may others load what a process that died was loading. It is extended three times as often, and so outlives a load
/// by what storing takes.
inline constexpr std::chrono::milliseconds lease_time{5000};

/// Extends it until it is told that the load is over, or the lease is.
awaitable<void> keep_lease(shared_core in, lease_request lease, promise<void> over);

/// Gives it up, held or not, and nobody waits for that.
void end_lease_behind(const shared_core& in, const executor& ex, lease_request lease);

/// The same of a lock that nobody knows to hold.
void release_behind(const shared_core& in, const executor& ex, lock_request lock);

} // namespace infra::cache::detail
