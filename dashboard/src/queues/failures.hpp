#pragma once

#include <infra/queue/failures.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace infra::dashboard {

/// Looks through a queue's failed jobs again only when it has other ones than the last time, and not more often than so that looking takes
/// a tenth of the time.
///
/// Threads:  any.
/// Lifetime: held by whoever asks.
class failure_watch : public std::enable_shared_from_this<failure_watch> {
public:
    using seen = std::shared_ptr<const queue::failure_groups>;

    /// `failed`: how many failed jobs the queue has now; `minutes`: what ended lately. Both tell whether anything changed.
    awaitable<seen> look(queue::control jobs, std::string queue, std::size_t failed,
                         std::vector<queue::minute_counts> minutes);
    void forget(const std::string& queue) noexcept;

private:
    struct known {
        seen groups{};
        std::size_t failed = 0;
        std::size_t ended = 0;
        steady_time good_until{};
    };
    std::mutex mutex_;
    std::map<std::string, known> known_; // by queue; guarded by mutex_
};

} // namespace infra::dashboard
