#pragma once

// Failed jobs, equal errors together.

#include <infra/queue/control.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// The newest so many failed jobs of a queue are grouped.
inline constexpr std::size_t most_grouped = 10'000;

/// Jobs of one name that failed alike.
struct failure_group {
    std::string id{}; ///< 16 hex digits, of name and signature
    std::string name{};
    std::string signature{};
    std::size_t count = 0;
    wall_time first{}, last{}; ///< when they failed
    queue::job_id newest{};
    std::string reason{}; ///< of that one
};

struct failure_groups {
    std::vector<failure_group> groups{}; ///< the most frequent first
    std::size_t failed = 0;              ///< jobs that are in them
    bool complete = true;                ///< those are all
};

std::string group_of(const queue::job_info& failed);

/// Puts jobs together one by one.
class failure_counter {
public:
    void add(const queue::job_info& failed);
    failure_groups groups() const;
    std::size_t failed() const noexcept { return failed_; }

private:
    std::map<std::string, failure_group> by_id_;
    std::size_t failed_ = 0;
};

/// Looks through a queue's failed jobs again only when it has other ones than the last time, and not more often than so that looking takes
/// a tenth of the time.
///
/// Threads:  any.
/// Lifetime: held by whoever asks.
class failure_watch : public std::enable_shared_from_this<failure_watch> {
public:
    using seen = std::shared_ptr<const failure_groups>;

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

/// Retries or removes those of a group, among the newest; as far as the time allows. `cursor` is empty at first, then the `next` before.
awaitable<queue::change_result> change_group(queue::control jobs, queue::job_change what, std::string queue,
                                             std::string group, std::string cursor,
                                             std::chrono::milliseconds time = std::chrono::milliseconds(3'000));

} // namespace infra::dashboard
