#pragma once

// Which pools and loops there are, so that report_runtime() can ask them.

#include "loop_lag.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/telemetry.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace infra::detail {

struct pool_load {
    std::size_t threads = 0;
    std::size_t busy = 0;
    std::size_t queued = 0;

    pool_load& operator+=(const pool_load& other) noexcept;
};

/// A blocking pool's place on the list, and what it counts.
///
/// Threads:  ran(), cancelled() and refused() from any.
/// Lifetime: destruction waits for a report that is being made.
class listed_pool {
public:
    listed_pool(std::string name, std::function<pool_load()> ask);
    ~listed_pool();
    listed_pool(const listed_pool&) = delete;
    listed_pool& operator=(const listed_pool&) = delete;

    void ran(std::chrono::nanoseconds waited) const noexcept;
    void cancelled() const noexcept { cancelled_.add(); }
    void refused() const noexcept { refused_.add(); }

    const std::string& name() const noexcept { return name_; }
    pool_load load() const { return ask_(); }

    /// Sets the gauges, which pools of one name share, and shows counters that are still zero. By one thread at a time.
    void report(const pool_load& all) noexcept;

private:
    const std::string name_;
    const std::function<pool_load()> ask_;
    const telemetry::series threads_;
    const telemetry::series busy_;
    const telemetry::series queued_;
    const telemetry::series ran_;
    const telemetry::series cancelled_;
    const telemetry::series refused_;
    const telemetry::series wait_;
    bool reported_ = false;
};

/// A loop's place on the list, while it runs.
///
/// Lifetime: destruction waits for a report that is being made.
class listed_loop {
public:
    listed_loop(const std::string& name, executor ex);
    ~listed_loop();
    listed_loop(const listed_loop&) = delete;
    listed_loop& operator=(const listed_loop&) = delete;

    void report();

private:
    lag_watch lag_;
};

} // namespace infra::detail
