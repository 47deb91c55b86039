#pragma once

// What a health check says of queues, as a function of what it sees.

#include <infra/app/queue_check.hpp>
#include <infra/queue/options.hpp>

namespace infra::app {

/// A queue at one look.
struct queue_seen {
    queue::queue_counts counts{};
    std::chrono::milliseconds waited{};     ///< by the one that has waited longest; zero: none waits
    std::chrono::milliseconds unattended{}; ///< for so long jobs have waited with nobody there; zero: somebody is
};

health::check_result judge(const std::vector<queue_seen>& all, const queue_check_options& options);

} // namespace infra::app
