#pragma once

/// One holder at a time, for a while.
///
///     if (auto mine = co_await cache.try_lock("nightly-report", {.ttl = 1min, .wait = 5s})) {
///         co_await write_report(mine->fence());        // the storage refuses a number below the greatest it saw
///         co_await mine->release();
///     }
///
/// A holder that is slow outlives its lock without noticing; no lock of any store can keep two from believing that they hold
/// it. Where that must do no harm, write `fence()` with the effect, and only where no greater one stands.

#include <infra/base/awaitable.hpp>
#include <infra/cache/store.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace infra::cache {

struct lock_options {
    /// Until somebody else may have it, if it is not renewed. Positive.
    std::chrono::milliseconds ttl{30'000};

    /// How long to try while another holds it; it is asked for again after 10 ms to 250 ms, rising. 0: once.
    std::chrono::milliseconds wait{0};
};

/// Threads:  one at a time.
/// Errors:   as the cache's.
/// Cancel:   all types; what was asked for may have happened.
/// Lifetime: destruction does not release it, since that would have to wait: it ends with its ttl.
class lock {
public:
    lock(std::shared_ptr<store> in, lock_request request, std::uint64_t fence)
        : in_(std::move(in)), request_(std::move(request)), fence_(fence) {}

    /// Greater than that of every earlier holder.
    std::uint64_t fence() const noexcept { return fence_; }

    /// Another ttl from now. False if it was lost: stop what it protects.
    [[nodiscard]] awaitable<bool> renew() const { return in_->extend(request_); }

    /// False if it had been lost.
    awaitable<bool> release() const { return in_->release(request_); }

private:
    std::shared_ptr<store> in_;
    lock_request request_;
    std::uint64_t fence_ = 0;
};

} // namespace infra::cache
