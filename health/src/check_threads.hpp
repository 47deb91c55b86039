#pragma once

// Threads for functions that may never return.

#include <cstddef>
#include <functional>
#include <memory>

namespace infra::health::detail {

/// Starts threads as they are needed, up to a number, and keeps them for the next call. Unlike a blocking_pool it never waits
/// for them: whoever is inside a function when this goes away is left behind, detached.
///
/// Threads:  any member from any thread, the destructor even from one of its own.
/// Errors:   post() is false when the queue is full, or when there is no thread and none can be made.
class check_threads {
public:
    explicit check_threads(std::size_t max);
    ~check_threads(); ///< what has not begun never will
    check_threads(const check_threads&) = delete;
    check_threads& operator=(const check_threads&) = delete;

    /// Runs `work`, which does not throw, as soon as a thread is free. As many may wait as there may be threads.
    bool post(std::function<void()> work);

private:
    struct shared;
    std::shared_ptr<shared> shared_;
};

} // namespace infra::health::detail
