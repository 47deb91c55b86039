#pragma once

/// How many requests at once a store is asked, and how often once more. Pure.

#include <cstddef>
#include <cstdint>

namespace infra::storage {

/// As TCP finds its window: one more for every round of requests that went well, half as many once the store asks for
/// patience. Those that were under way by then say the same once more, and change nothing.
///
/// Threads: one at a time.
class pace {
public:
    explicit pace(std::size_t most) noexcept : most_(most), limit_(most) {}

    std::size_t limit() const noexcept { return limit_; } ///< of requests at once: 1 to the most there may be

    /// The number of a request that begins: for throttled().
    std::uint64_t begin() noexcept { return ++begun_; }

    void succeeded() noexcept;
    void throttled(std::uint64_t request) noexcept;

private:
    const std::size_t most_;
    std::size_t limit_;
    std::size_t successes_ = 0;     // of this round
    std::uint64_t begun_ = 0;       // requests
    std::uint64_t last_before_ = 0; // the last one that began before the last cut
};

/// What attempts beyond the first are taken from, so that a store that is down is not asked several times as much.
///
/// Threads: one at a time.
class retry_budget {
public:
    explicit retry_budget(double most) noexcept : most_(most), left_(most) {}

    bool take() noexcept;
    void succeeded() noexcept; ///< gives a tenth back

private:
    const double most_;
    double left_;
};

} // namespace infra::storage
