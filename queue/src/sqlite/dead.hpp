#pragma once

// Leases of processes that are gone are over at once.

#include "jobs.hpp"

#include <string>
#include <vector>

namespace infra::queue::sqlite {

/// As whom this process leases: `#` and its number, which it takes at first. Empty if it can take none: then its leases end
/// by the clock alone.
std::string lessee(store& s);

/// Looks whether processes are gone, if the last look is long ago. True if it found some: then there is something to rescue.
bool notice_dead(store& s);

/// Their jobs wait again, in front; those that somebody wants to end, fail.
std::vector<job_key> rescue_of_dead(store& s, wall_time now);

} // namespace infra::queue::sqlite
