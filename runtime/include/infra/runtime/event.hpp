#pragma once

/// What happens once, and is heard by all who wait for it.
///
///     infra::event stopped;
///     stopped.set();                                                          // any thread
///     const auto told = stopped.listener(co_await asio::this_coro::executor); // one for each who waits, however often it does
///     co_await told.get();                                                    // returns when it is set, or at once
///     while (!co_await told_within(told, deadline::after(1s), clock)) …

#include <infra/base/with_deadline.hpp>
#include <infra/runtime/promise.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace infra {

/// Threads:  any member from any thread.
/// Errors:   none but bad_alloc.
/// Lifetime: listeners may outlive it, and are then told nothing. It keeps each until it is set.
class event {
public:
    /// A second time has no effect.
    void set() {
        const std::scoped_lock lock(mutex_);
        set_ = true;
        for (const auto& each : std::exchange(waiting_, {}))
            each.set_value();
    }

    bool is_set() const {
        const std::scoped_lock lock(mutex_);
        return set_;
    }

    /// Is told when it is set; at once if it is.
    promise<void> listener(const executor& ex) {
        promise<void> told(ex);
        const std::scoped_lock lock(mutex_);
        if (set_)
            told.set_value();
        else
            waiting_.push_back(told);
        return told;
    }

private:
    mutable std::mutex mutex_;
    bool set_ = false;                   // guarded by mutex_
    std::vector<promise<void>> waiting_; // guarded by mutex_
};

/// Whether it was told by then.
inline awaitable<bool> told_within(promise<void> told, deadline limit, clock& time) {
    try {
        co_await with_deadline(told.get(), limit, time);
        co_return true;
    } catch (const boost::system::system_error& e) {
        if (e.code() != errc::timed_out)
            throw;
        co_return false;
    }
}

} // namespace infra
