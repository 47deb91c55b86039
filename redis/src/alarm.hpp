#pragma once

// One thing to do at a time that moves.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>

#include <functional>
#include <memory>

namespace infra::redis::detail {

/// Threads:  its executor's only, destruction included.
/// Lifetime: `ring` is called while it lives, and may destroy it.
class alarm {
public:
    alarm(executor ex, clock& time, std::function<void()> ring);
    ~alarm() { clear(); }
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;

    /// Rings once at `when`, unless it is set anew before.
    void set(steady_time when);
    void clear() noexcept;

    /// When it will ring; max() for never.
    steady_time when() const noexcept { return when_; }

private:
    struct sleep;

    executor executor_;
    clock& time_;
    std::function<void()> ring_;
    steady_time when_ = steady_time::max();
    std::shared_ptr<sleep> sleeping_;
};

} // namespace infra::redis::detail
