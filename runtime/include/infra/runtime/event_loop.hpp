#pragma once

/// Single-threaded event loops, one a core.
///
///     infra::event_loops loops(2);
///     loops.start();
///     asio::co_spawn(loops.next().get_executor(), serve(), asio::detached);
///     …
///     loops.stop();
///
/// Whatever is pinned to a loop needs no locks; work crosses loops through a mailbox (mailbox.hpp). A loop's executor
/// carries the context (infra/base/context.hpp). A user's own io_context counts as one loop: wrap its executor with
/// `with_context` and hand it in.

#include <infra/base/awaitable.hpp>
#include <infra/base/context_executor.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace infra {

/// One thread that runs coroutines.
///
/// Threads:  get_executor() and stop() from any thread; start(), run() and destruction from the owner's.
/// Errors:   an exception that leaves a handler ends the process through std::terminate, as it would leave a thread:
///           coroutines are spawned with a handler for theirs.
/// Cancel:   stop() returns without waiting for coroutines; those still suspended are destroyed with the loop.
/// Lifetime: must outlive everything pinned to it.
class event_loop {
public:
    /// `name` is what the thread is called in a debugger; at most 15 characters are kept.
    explicit event_loop(std::string name = "loop");
    ~event_loop(); ///< stop(), join
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    executor get_executor() const noexcept;
    asio::io_context& io_context() noexcept;

    /// Runs on a thread of its own until stop(). Once.
    void start();

    /// Runs on the calling thread instead, until stop().
    void run();

    /// Ends run(), at once and for good; the second time does nothing. Joins the thread of start() unless called on it.
    void stop() noexcept;

    bool running_in_this_thread() const noexcept { return current() == this; }

    /// The loop that the calling thread is running, or null.
    static event_loop* current() noexcept;

private:
    friend class event_loops;
    void destroy_work() noexcept;

    struct state;
    std::unique_ptr<state> state_;
};

/// A fixed number of loops. What still waits on them when they are destroyed may refer to any of them: all are stopped
/// first, then every coroutine is destroyed, then the loops.
class event_loops {
public:
    /// `count` 0 means one a core. Throws std::invalid_argument above 1024.
    explicit event_loops(std::size_t count = 0, std::string name = "loop");
    ~event_loops();
    event_loops(const event_loops&) = delete;
    event_loops& operator=(const event_loops&) = delete;

    void start();
    void stop() noexcept;

    std::size_t size() const noexcept { return loops_.size(); }
    event_loop& operator[](std::size_t i) noexcept { return *loops_[i]; }

    /// Round robin; from any thread.
    event_loop& next() noexcept;

private:
    std::vector<std::unique_ptr<event_loop>> loops_;
    std::atomic<std::size_t> turn_{0};
};

} // namespace infra
