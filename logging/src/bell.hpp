#pragma once

// Wakes a thread that waits, without a lock: from a signal handler too, and none is missed between looking and waiting.
//
//     waiter: const auto seen = b.seen(); if (nothing_to_do()) b.wait(seen, 10ms);
//     waker:  make_something_to_do(); b.ring();

#include <atomic>
#include <chrono>
#include <cstdint>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace infra::logging::detail {

class bell {
public:
    std::uint32_t seen() const noexcept { return rung_.load(std::memory_order_acquire); }

    /// Returns when rung since `seen`, at the latest after `longest`; may return for no reason.
    void wait(std::uint32_t seen, std::chrono::nanoseconds longest) noexcept {
        const timespec relative{.tv_sec = static_cast<time_t>(longest.count() / 1'000'000'000),
                                .tv_nsec = static_cast<long>(longest.count() % 1'000'000'000)};
        ::syscall(SYS_futex, &rung_, FUTEX_WAIT_PRIVATE, seen, &relative, nullptr, 0);
    }
    void ring() noexcept {
        rung_.fetch_add(1, std::memory_order_release);
        ::syscall(SYS_futex, &rung_, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
    }

private:
    std::atomic<std::uint32_t> rung_{0};
    static_assert(sizeof rung_ == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
};

} // namespace infra::logging::detail
