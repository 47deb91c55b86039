#pragma once

// All queues at one look, shared by whoever looks within the same second.

#include <infra/queue/control.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::dashboard {

struct queue_seen {
    queue::queue_counts counts{};
    std::optional<wall_time> oldest{}; ///< since when the one waits that has waited longest
    std::size_t workers = 0;
    std::vector<queue::minute_counts> minutes{}; ///< the last fifteen
};

struct queues_seen {
    wall_time at{};
    std::vector<queue_seen> queues{}; ///< by name
    std::size_t left_out = 0;         ///< beyond most_queues
    std::vector<queue::worker_info> workers{};
};

/// More are not shown at once.
inline constexpr std::size_t most_queues = 200;

inline constexpr std::chrono::minutes rate_over{15};

awaitable<queues_seen> look_at_queues(queue::control jobs);

/// So many of its jobs ended in those minutes, successfully or not.
std::size_t completed_in(const queue_seen& q) noexcept;
std::size_t failed_in(const queue_seen& q) noexcept;
/// Jobs a minute that ended, over the minutes that are over.
double rate_of(const queue_seen& q) noexcept;

/// What failed in all of them within so long before they were seen, as at most 60 parts of it, oldest first.
std::vector<double> failures_over_time(const queues_seen& all, std::chrono::minutes within);

std::chrono::milliseconds waited(const queue_seen& q, wall_time now) noexcept;

/// Threads:  any.
/// Lifetime: held by whoever asks.
class queue_watch : public std::enable_shared_from_this<queue_watch> {
public:
    using seen = std::shared_ptr<const queues_seen>;

    /// What was seen less than a second ago, or what is seen now.
    awaitable<seen> look(queue::control jobs);

    /// The same with the minutes of another window, which are looked at every five seconds.
    awaitable<seen> look(queue::control jobs, std::chrono::minutes within);

    /// What was done is to be seen at once.
    void forget() noexcept;

private:
    struct window {
        std::chrono::minutes within{};
        steady_time looked{};
        std::map<std::string, std::vector<queue::minute_counts>> by_queue{};
    };
    awaitable<std::shared_ptr<const window>> look_back(queue::control jobs, seen all, std::chrono::minutes within);

    std::mutex mutex_;
    seen last_;                            // guarded by mutex_
    steady_time looked_{};                 // guarded by mutex_
    std::shared_ptr<const window> window_; // the one that was asked for last; guarded by mutex_
};

} // namespace infra::dashboard
