#pragma once

// How late a loop is, seen from a timer on it.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/telemetry.hpp>

#include <atomic>
#include <memory>
#include <string_view>

namespace infra::detail {

/// Observes the lag of one loop, once a second, for as long as somebody keeps asking.
///
/// Threads:  observe_until() from one at a time.
/// Lifetime: the loop must run, or may yet run, when observe_until() is called; the clock must outlive the loop.
class lag_watch {
public:
    lag_watch(std::string_view loop_name, executor loop, clock& time);

    /// May be said at any time and again, with a later time.
    void observe_until(steady_time end);

private:
    struct shift {
        telemetry::series lag;
        std::atomic<steady_time> end;
    };
    static awaitable<void> observe(std::shared_ptr<shift> mine, clock& time);

    const executor loop_;
    clock& time_;
    const telemetry::series lag_;
    std::weak_ptr<shift> on_duty_; // the coroutine on the loop holds it
};

} // namespace infra::detail
