#pragma once

// Wakes one coroutine from any thread, once for any number of rings.

#include <infra/base/with_deadline.hpp>
#include <infra/runtime/mailbox.hpp>

#include <mutex>
#include <optional>

namespace infra::realtime::over_redis {

/// Threads: ring() and close() from any; wait from one coroutine on the executor of begin().
class bell {
public:
    void begin(const executor& ex) {
        const std::scoped_lock lock(mutex_);
        box_.emplace(ex, mailbox_options{.max_items = 1});
        if (rung_)
            box_->post(true);
        if (closed_)
            box_->close();
    }

    void ring() {
        const std::scoped_lock lock(mutex_);
        if (box_)
            box_->post(true);
        else
            rung_ = true;
    }

    /// Whoever waits, or will, gets infra::errc::closed.
    void close() {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        if (box_)
            box_->close();
    }

    awaitable<void> wait() { co_await box_->receive(); }

    /// Or until then.
    awaitable<void> wait(deadline limit, clock& time) {
        try {
            co_await with_deadline(wait(), limit, time);
        } catch (const boost::system::system_error& e) {
            if (e.code() != infra::errc::timed_out)
                throw;
        }
    }

private:
    std::mutex mutex_;
    std::optional<mailbox<bool>> box_; // guarded by mutex_ until begun, then constant
    bool rung_ = false;                // guarded by mutex_
    bool closed_ = false;              // guarded by mutex_
};

} // namespace infra::realtime::over_redis
