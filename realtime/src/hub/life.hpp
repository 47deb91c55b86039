#pragma once

#include <infra/base/with_deadline.hpp>
#include <infra/runtime/promise.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace infra::realtime::detail {

/// What happens to a hub once, and is heard by all who wait for it.
///
/// Threads: any.
class event {
public:
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

/// What run() and stop() know of each other. It outlives the hub while run() has not noticed that.
struct life {
    event stopping;       ///< stop() was called: nobody new comes in
    event over;           ///< run() has to end: stop() is through with the broker, or the hub has gone
    event ended;          ///< run() has
    bool running = false; // guarded by mutex
    std::mutex mutex;
};

} // namespace infra::realtime::detail
