#pragma once

// What is remembered of places in the source that log less than they could.

#include <infra/base/time.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <source_location>

namespace infra::logging::detail {

struct site {
    std::atomic<std::uint64_t> key{0};
    std::atomic<std::int64_t> silent_until{INT64_MIN}; // steady nanoseconds
    std::atomic<std::uint64_t> calls{0};
    std::atomic<std::uint64_t> left_out{0}; // since the last line

    /// How many lines were left out since the last one, if a line is due now; empty if it is not.
    std::optional<std::uint64_t> due_every(std::chrono::nanoseconds period, steady_time now) noexcept;
    std::optional<std::uint64_t> due_one_in(std::uint64_t n) noexcept;
};

/// A table that is never full: places past its size are not limited.
class sites {
public:
    /// The same for each call from one place; null for none.
    site* find(const std::source_location& where) noexcept;

private:
    static constexpr std::size_t size = 4096, farthest = 32;
    std::array<site, size> table_{};
};

sites& all_sites() noexcept;

} // namespace infra::logging::detail
