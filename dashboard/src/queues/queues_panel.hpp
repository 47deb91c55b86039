#pragma once

#include "../board.hpp"

#include <infra/queue.hpp>

#include <chrono>
#include <functional>

namespace infra::dashboard {

struct queues_source {
    /// Asked for each request, so that it may be made later than the panel.
    std::function<queue::queue()> jobs = [] { return queue::default_queue(); };

    /// From then on the oldest waiting job is shown as a problem.
    std::chrono::milliseconds oldest_limit = std::chrono::seconds(60);
};

/// Pages `queues`: queues, jobs, failures, schedules, workers. README.md lists its routes.
void add_queues_panel(board on, queues_source from = {});

} // namespace infra::dashboard
