#pragma once

// A lock for sections of some tens of nanoseconds that mostly read.
//
// Who reads takes one of four locks, that of its thread; who writes takes all. So threads that read at once pass no cache
// line to and fro, which would cost more than the rest of a read. To let go is a plain store. Nobody is parked: who finds it
// taken spins for a moment, then lets others run, then sleeps for moments, in case the holder has lost its processor.

#include <array>
#include <atomic>
#include <cstddef>

namespace infra::cache {

/// Threads: any member from any thread. Not recursive. Made for std::scoped_lock.
class spin_lock {
public:
    void lock() noexcept {
        if (taken_.exchange(true, std::memory_order_acquire))
            wait();
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }

private:
    void wait() noexcept;

    std::atomic<bool> taken_{false};
};

namespace detail {
inline constinit thread_local std::size_t number_of_this_thread = 0; // none yet
std::size_t number_this_thread() noexcept;
} // namespace detail

class spread_mutex {
public:
    /// To write.
    void lock() noexcept {
        for (auto& each : parts_) // everybody in this order
            each.lock.lock();
    }
    void unlock() noexcept {
        for (auto& each : parts_)
            each.lock.unlock();
    }

    /// To read, beside others who read. Not inside a coroutine, which may go on in another thread.
    spin_lock& of_this_thread() noexcept {
        const auto known = detail::number_of_this_thread;
        const auto number = known != 0 ? known : detail::number_this_thread();
        return parts_[number % parts_.size()].lock;
    }

private:
    struct alignas(64) part {
        spin_lock lock;
    };
    std::array<part, 4> parts_;
};

} // namespace infra::cache
