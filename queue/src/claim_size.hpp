#pragma once

// For how many jobs a worker asks at a time.

#include <cstddef>

namespace infra::queue {

/// What a worker has, and what fills it.
struct occupancy {
    std::size_t concurrency = 1;
    std::size_t ahead = 0;       ///< jobs that it may hold beyond its places
    std::size_t taken = 0;       ///< jobs that it has
    std::size_t claims = 0;      ///< under way,
    std::size_t asked = 0;       ///< which ask for so many jobs for its places
    std::size_t asked_ahead = 0; ///< and so many more
    bool backlog = false;        ///< the last claim got as many as it asked for
};

struct claim_size {
    std::size_t places = 0; ///< jobs that may begin at once
    std::size_t ahead = 0;  ///< jobs that are held until a place is free

    std::size_t all() const noexcept { return places + ahead; }
    friend bool operator==(const claim_size&, const claim_size&) = default;
};

/// What is to be claimed now, if anything. Half of many places at a time: so one claim waits in the storage while what the other
/// brought runs, the storage never waits for handlers nor they for it, and jobs that come meanwhile need not be put in line.
/// While all places are taken, jobs are claimed only where more wait than were claimed, half of what may be held at a time.
claim_size next_claim(const occupancy& o) noexcept;

} // namespace infra::queue
