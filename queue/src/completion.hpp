#pragma once

// How what a storage has done comes back to the coroutines that wait for it: one wake-up of each loop for all that was done
// together, and the coroutines are resumed in a run. A promise for each would post for each, and set a timer.

#include <infra/base/awaitable.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace infra::queue {

class completions;

/// One thing that another thread completes and one coroutine awaits. What it brings is the business of who derives from it.
///
/// Threads:  delivered() on the executor given. Completed by one thread, through a completion_batch.
/// Cancel:   delivered() throws operation_aborted; all types. It may be awaited again.
/// Lifetime: may outlive the loop; then it goes nowhere. Whoever awaits it keeps it.
class completion {
public:
    explicit completion(const executor& ex);
    virtual ~completion() = default;
    completion(const completion&) = delete;
    completion& operator=(const completion&) = delete;

    /// Returns once it was completed and handed to the loop; throws what it was failed with.
    awaitable<void> delivered();

private:
    friend class completions;
    friend class completion_batch;
    using handler = asio::async_result<asio::use_awaitable_t<>, void(boost::system::error_code)>::handler_type;

    /// The coroutine, and its executor as it was when the wait began.
    struct waiter {
        handler resume;
        executor on;
    };

    void wait(handler resume);
    void cancel();

    const std::shared_ptr<loop_gate> gate_;
    completions* const loop_;       // touched on the loop, and inside the gate
    std::exception_ptr failure_;    // written before it is completed, read after
    std::optional<waiter> waiting_; // guarded by the loop's mutex
    bool delivered_ = false;        // guarded by the loop's mutex
    std::size_t place_ = 0;         // guarded by the loop's mutex; among those that are awaited
};

/// What was completed together.
class completion_batch {
public:
    void add(std::shared_ptr<completion> done, std::exception_ptr failure = nullptr);

    std::size_t size() const noexcept { return done_.size(); }

    /// Hands all to their loops.
    void deliver() noexcept;

private:
    std::vector<std::shared_ptr<completion>> done_;
};

} // namespace infra::queue
