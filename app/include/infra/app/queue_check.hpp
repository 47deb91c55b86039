#pragma once

/// Whether what is queued is done in time: how much waits, for how long, and whether anybody is there for it.
///
///     auto app = app::from_environment({.name = "shop", .queue_check = {.degraded_after = 5min}});
///     health::register_health_check("mail", app::queue_check({.queues = {"mail"}}), {.critical = false});

#include <infra/base/awaitable.hpp>
#include <infra/health/report.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::app {

/// The numbers from which on a queue is found wanting. A paused queue is, by none of them: somebody wants it so.
struct queue_check_options {
    std::vector<std::string> queues{}; ///< empty: all of them

    std::size_t degraded_above = 10'000;          ///< jobs that wait for a worker, in all of them together
    std::optional<std::size_t> unhealthy_above{}; ///< not less than degraded_above; not set: no number is

    /// The job that has waited longest, in each by itself: since it was added, or due.
    std::chrono::milliseconds degraded_after = std::chrono::minutes(15);
    std::optional<std::chrono::milliseconds> unhealthy_after{}; ///< not less; not set: no time is

    /// Jobs wait in a queue, and in no process is a worker that takes jobs of it. Counts from when this check first saw
    /// that, so it says nothing when a service has just started, nor while one worker makes room for the next.
    std::chrono::milliseconds degraded_without_worker = std::chrono::seconds(30);
    std::optional<std::chrono::milliseconds> unhealthy_without_worker{}; ///< not less; not set: no time is
};

/// The storage of the default queue answers, what waits there is not too much and does not wait too long, and somebody takes
/// it. Jobs that wait for others (waiting_children) are shown and not judged. An application registers it as `queue`.
///
/// Threads:  any, at once. Copies share what they have seen.
/// Errors:   the constructor throws std::invalid_argument naming the option. A storage that fails is unhealthy.
class queue_check {
public:
    explicit queue_check(queue_check_options options = {});
    awaitable<health::check_result> operator()() const;

private:
    struct memory;

    queue_check_options options_;
    std::shared_ptr<memory> memory_;
};

} // namespace infra::app
