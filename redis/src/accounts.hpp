#pragma once

// What one connection's callers come to, told to the instruments once a turn.

#include "common.hpp"
#include "multiplexer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace infra::redis::detail {

/// On its executor.
class accounts {
public:
    explicit accounts(common& of) : of_(of) {}

    /// It has ended, so long after it was asked.
    void settle(const request& r, std::chrono::nanoseconds took);
    void report(const multiplexer& m);

private:
    common& of_;
    std::array<std::size_t, outcomes> ended_{}; // since the last report
    std::size_t commands_ = 0;                  // reported
    std::uint64_t replays_ = 0;                 // reported
};

} // namespace infra::redis::detail
