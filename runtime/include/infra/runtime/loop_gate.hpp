#pragma once

/// How another thread gives work to a loop that may end at that moment. Posting to an io_context that is being destroyed
/// is a race; whatever crosses threads here (promise.hpp, mailbox.hpp) goes through the loop's gate instead.
///
///     const auto gate = infra::loop_gate::of(ex);                       // while the loop lives
///     gate->pass([&] { asio::post(ex, wake_up); });                     // any thread, any time

#include <infra/base/awaitable.hpp>

#include <memory>
#include <mutex>

namespace infra {

/// Threads:  pass() from any; of() from any while the loop lives.
/// Errors:   pass() throws what its function throws.
/// Lifetime: may outlive the loop; it is closed from then on.
class loop_gate {
public:
    /// The one gate of the executor's execution context.
    static std::shared_ptr<loop_gate> of(const executor& ex);

    /// Calls `post` unless the loop has begun to end; a loop that wants to end waits until it has returned.
    template <class Post>
    void pass(Post post) {
        const std::scoped_lock lock(mutex_);
        if (open_)
            post();
    }

    void close() noexcept {
        const std::scoped_lock lock(mutex_);
        open_ = false;
    }

private:
    std::mutex mutex_;
    bool open_ = true; // guarded by mutex_
};

} // namespace infra
