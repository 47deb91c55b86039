#pragma once

/// For those who write a backend, the simplest way for a claim to wait: look, and look again when something came.
///
///     arrived->publish({"mail"});                                    // after each enqueue, and whatever frees a job
///     for (;;) {                                                     // in claim
///         const auto seen = arrived->count();
///         auto taken = take_what_there_is(request);
///         if (!waits_on(request, taken)) co_return taken;
///         co_await arrivals::wait(arrived, request.queues, seen);
///     }

#include <infra/base/awaitable.hpp>
#include <infra/runtime/promise.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace infra::queue {

/// Threads:  any member from any thread.
/// Errors:   wait() throws what close() was given.
/// Cancel:   wait(): all types.
/// Lifetime: a wait keeps it; what `on_wait` refers to must last as long.
class arrivals {
public:
    /// `on_wait` is called when somebody begins to wait, for backends that must look by themselves.
    explicit arrivals(std::function<void()> on_wait = [] {}) : on_wait_(std::move(on_wait)) {}

    /// Counts publications: what wait() takes as `seen`.
    std::uint64_t count() const;

    void publish(const std::set<std::string, std::less<>>& queues);
    void publish_to_all();
    bool anybody_waits() const;

    /// Ends all waits, now and later, with `why`.
    void close(std::exception_ptr why);
    bool is_closed() const;

    /// Returns once one of the queues was published after `seen`.
    static awaitable<void> wait(std::shared_ptr<arrivals> self, std::vector<std::string> queues, std::uint64_t seen);

private:
    struct waiter {
        std::vector<std::string> queues;
        promise<void> arrived;
        bool told = false;
    };
    using waiters = std::list<waiter>;
    struct waiting;

    static void tell(waiter& w);
    bool came_after(const std::vector<std::string>& queues, std::uint64_t seen) const;

    const std::function<void()> on_wait_;
    mutable std::mutex mutex_;
    std::uint64_t count_ = 0;                                // guarded by mutex_
    std::uint64_t last_of_all_ = 0;                          // guarded by mutex_
    std::map<std::string, std::uint64_t, std::less<>> last_; // guarded by mutex_
    waiters waiters_;                                        // guarded by mutex_
    std::exception_ptr closed_;                              // guarded by mutex_
};

} // namespace infra::queue
