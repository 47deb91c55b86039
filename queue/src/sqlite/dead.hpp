#pragma once

// Leases of processes that are gone are over at once.

#include "jobs.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::sqlite {

/// A number of which this process alone has the byte; none where that cannot be had. It outlives a transaction that is undone,
/// in which numbers go back: one that is had already is not given out again.
std::optional<std::int64_t> take_number(store& s);

/// As whom a worker of this process leases, see lease_book: the process is `#` and its number, which it takes at first. If it
/// can take none, it is nobody's, and the lease ends by the clock alone.
std::string lessee(store& s, std::string_view worker);

/// Looks whether processes are gone, if the last look is long ago. True if it found some: then there is something to rescue.
bool notice_dead(store& s);

/// Their jobs wait again, in front; those that somebody wants to end, fail.
std::vector<job_key> rescue_of_dead(store& s, wall_time now);

} // namespace infra::queue::sqlite
