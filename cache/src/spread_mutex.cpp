#include "spread_mutex.hpp"

#include <chrono>
#include <thread>

namespace infra::cache {
namespace {

void relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

constinit std::atomic<std::size_t> threads{0};

} // namespace

void spin_lock::wait() noexcept {
    constexpr int spins = 100, yields = 120; // a microsecond or two, then as long as others have to do
    for (int round = 0; taken_.load(std::memory_order_relaxed) || taken_.exchange(true, std::memory_order_acquire);
         ++round) {
        if (round < spins)
            relax();
        else if (round < yields)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
}

std::size_t detail::number_this_thread() noexcept {
    return number_of_this_thread = threads.fetch_add(1, std::memory_order_relaxed) + 1;
}

} // namespace infra::cache
