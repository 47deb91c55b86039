#pragma once

// What the dashboard knows of the service's health: the last report, and how it came to that.

#include <infra/base/clock.hpp>
#include <infra/health.hpp>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace infra::dashboard {

/// Each run that somebody looked at, of each check; and when statuses changed, whoever it was that asked.
///
/// Threads: any.
class health_history {
public:
    static constexpr std::size_t most_runs = 60;
    static constexpr std::size_t most_checks = 200;

    struct run {
        wall_time at{};
        health::health_status status = health::health_status::healthy;
        std::chrono::nanoseconds took{};
    };
    struct known {
        std::deque<run> runs{};             ///< the newest last
        std::optional<wall_time> changed{}; ///< empty: not since the dashboard is there
    };

    explicit health_history(wall_time now) noexcept : began_(now) {}

    void add(const health::health_report& report);
    void add(const health::status_change& change, wall_time now);

    known of(const std::string& check) const;
    wall_time since() const; ///< the service is as it is since then, or nothing else was seen

private:
    const wall_time began_;
    mutable std::mutex mutex_;
    std::map<std::string, known> checks_; // guarded by mutex_; under "" the service as a whole
};

/// How the service is, by its checks.
struct health_seen {
    health::health_report report{};
    bool live = true;
    bool ready = true;
};

/// Asks the checks, but not more often than every 5 s unless told to: some of them cost.
///
/// Threads: any. Lifetime: copies share it; it hears of changes for the registry's life.
class health_watch {
public:
    health_watch(health::registry& of, clock& time);

    awaitable<health_seen> look();
    awaitable<health_seen> run_now();

    /// {"status","since","live","ready","checks":[{"name","status","critical","skipped","message","ms","checked","changed","failures",
    /// "details","history":[{"at","status","ms"}]}]}
    json::object document_of(const health_seen& seen) const;

    /// {"check","text","link"} of what is not well, the worst first.
    json::array causes_of(const health_seen& seen) const;

    wall_time since() const;
    void on_change(std::function<void(const health::status_change&)> told);

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::dashboard
