#pragma once

// One move under way, and its steps over the jobs of a queue: into the target, told of their children, out of the source.

#include "move_route.hpp"

#include <algorithm>

namespace infra::queue {

struct moving {
    route way;
    move_options how;
    clock* time;
    std::vector<std::string> queues{}; ///< all that are moved
    std::vector<job_key> parents{};    ///< whose children are still to be told

    transferable_store& source() const { return transferable(way.from); }
    transferable_store& target() const { return transferable(way.to); }

    bool is_moved(std::string_view queue) const { return std::ranges::find(queues, queue) != queues.end(); }

    void tell(const std::string& queue, move_step step, std::size_t jobs) const {
        if (how.on_progress)
            how.on_progress({.queue = queue, .step = step, .jobs = jobs});
    }
};

/// Into the target; gives how many came to stand there. What parents know of their children is told by link_families.
awaitable<std::size_t> copy_jobs(moving& m, std::string queue);

/// Once all jobs are there, since those are told as well whose children they are.
awaitable<void> link_families(moving& m);

/// Out of the source, job by job, with what was added there meanwhile. False if nothing was there.
awaitable<bool> empty_source(moving& m, moved_queue& into);

} // namespace infra::queue
