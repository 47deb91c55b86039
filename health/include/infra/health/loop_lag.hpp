#pragma once

/// Does something block an event loop?

#include <infra/base/awaitable.hpp>
#include <infra/health/report.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace infra::health {

struct loop_lag_check_options {
    std::vector<executor> loops{};                   ///< empty: the loops of the default runtime
    std::chrono::milliseconds degraded_above{100};   ///< more than 0, at most unhealthy_above
    std::chrono::milliseconds unhealthy_above{1000}; ///< also how long the check waits before it answers
};

/// A ready-made check: how long a loop lets work wait before it gets to it. It asks each loop to run a function and waits on
/// a thread of its own, so it has an answer even for a loop that never comes round again: for how long it has not.
///
///     register_health_check("loop lag", loop_lag_check(), {.every = 5s, .groups = {"live"}});
///
/// In the background, as here: with the default limits a blocked loop makes it slower than the deadline of a report.
///
/// Threads:  one call at a time, as a registry does.
/// Errors:   the constructor throws std::invalid_argument naming the option.
/// Lifetime: the loops are there when the check is made, and may go at any time; one that has gone is not asked.
class loop_lag_check {
public:
    explicit loop_lag_check(loop_lag_check_options options = {});
    check_result operator()() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::health
