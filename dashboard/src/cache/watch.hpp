#pragma once

// How often the cache had what was asked for, over the last quarter of an hour.

#include <infra/base/clock.hpp>
#include <infra/monitoring.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::dashboard {

struct cache_counts {
    double hits = 0, misses = 0, stale = 0, loads = 0, failed_loads = 0;

    double asked() const noexcept { return hits + misses + stale; }
    /// Empty where nobody asked.
    std::optional<double> ratio() const noexcept {
        return asked() > 0 ? std::optional((hits + stale) / asked()) : std::nullopt;
    }
};
cache_counts operator-(const cache_counts& now, const cache_counts& then) noexcept;
cache_counts& operator+=(cache_counts& to, const cache_counts& more) noexcept;

/// By the namespace's name in the metrics.
using counts_by_name = std::map<std::string, cache_counts>;
counts_by_name counts_in(const std::vector<monitoring::metric_family>& all);

struct cache_seen {
    cache_counts total{};
    counts_by_name by_name{};
    std::chrono::duration<double> over{}; ///< how long that took
};

/// Threads: any.
class cache_watch {
public:
    static constexpr std::chrono::minutes window{15};
    static constexpr std::chrono::seconds interval{10};

    /// What was counted within the window, or since somebody first looked. Asks at most once a second.
    cache_seen look(const std::function<std::vector<monitoring::metric_family>()>& metrics, steady_time now);

private:
    struct sample {
        steady_time at{};
        counts_by_name counts{};
    };
    std::mutex mutex_;
    std::deque<sample> samples_; // oldest first; guarded by mutex_
    std::optional<sample> now_;  // guarded by mutex_
};

} // namespace infra::dashboard
