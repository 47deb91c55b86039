#pragma once

// Jobs that failed, for the live feed: looked for where a queue counts more failures than before, and only while somebody watches, so that
// nothing need be recorded for it.

#include "../board.hpp"
#include "watch.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::dashboard {

news news_of(const queue::job_info& failed);

/// Threads:  any.
/// Lifetime: held by whoever asks.
class failure_news : public std::enable_shared_from_this<failure_news> {
public:
    /// What failed since the last call; at the first, within five minutes. Of each queue those among its newest failed jobs.
    awaitable<std::vector<queue::job_info>> look(queue::control jobs, queue_watch::seen all);

private:
    struct known {
        std::size_t failed = 0; ///< in the minutes that were looked at
        wall_time until{};      ///< what failed before has been told
        std::vector<std::pair<queue::job_id, std::optional<wall_time>>>
            told{}; ///< the last time: storages count in milliseconds, so they may come again
    };
    std::vector<std::pair<std::string, wall_time>> changed(const queues_seen& all);
    void leave_out_told(const std::string& queue, std::vector<queue::job_info>& failed);

    std::mutex mutex_;
    std::map<std::string, known> known_; // by queue; guarded by mutex_
};

} // namespace infra::dashboard
