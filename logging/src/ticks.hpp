#pragma once

// When a record was made: a number that is cheap to have, and the time it stands for, found out later.
//
// Where the processor's counter is what the kernel itself keeps time with, it is that counter (a call of the system's
// clock costs twice as much); where a clock was handed in, it is that clock's time.

#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace infra::logging::detail {

/// Which time a tick stands for.
struct tick_rate {
    std::uint64_t tick = 0; // this one
    std::int64_t wall = 0;  // stands for this, in nanoseconds since 1970
    double nanoseconds = 1; // from one to the next

    /// Whatever the rate is: it may come from a file.
    wall_time of(std::uint64_t when) const noexcept {
        const auto since = static_cast<double>(static_cast<std::int64_t>(when - tick)) * nanoseconds;
        const wall_time at{std::chrono::nanoseconds(wall)};
        return since == since ? saturating_add(at, std::chrono::duration<double, std::nano>(since)) : at;
    }
};

class ticks {
public:
    explicit ticks(const clock& time);

    std::uint64_t now() const noexcept {
#if defined(__x86_64__)
        if (counts_cycles_)
            return __rdtsc();
#endif
        return static_cast<std::uint64_t>(time_.wall().time_since_epoch().count());
    }

    /// Compares the two clocks anew: what is converted from here on is right at this moment. For one thread at a time, as
    /// wall().
    void adjust() noexcept;

    /// The time of a tick; never goes back while the clocks agree, though `when` may by a few nanoseconds.
    wall_time wall(std::uint64_t when) noexcept;

    /// As adjusted last.
    const tick_rate& rate() const noexcept { return rate_; }

private:
    const clock& time_;
    const bool counts_cycles_;
    std::uint64_t first_cycles_ = 0;
    steady_time first_steady_{};
    alignas(64) tick_rate rate_; // of the one thread, which writes them with every line, while callers read the rest
    wall_time last_{};
};

} // namespace infra::logging::detail
