#pragma once

// How long handlers take of late, and how many jobs may be held ahead of them for it.

#include <infra/base/time.hpp>

#include <cstddef>
#include <optional>

namespace infra::queue {

/// What is held ahead is to begin within this time, if handlers go on as they did of late.
inline constexpr std::chrono::milliseconds usual_wait_ahead{5};

/// What has not begun so long after it was taken is given back.
inline constexpr std::chrono::milliseconds longest_wait_ahead{50};

class pace {
public:
    /// Of a handler that had a place for so long.
    void ended(steady_time::duration took) noexcept;

    /// What was seen says nothing any more.
    void forget() noexcept { seen_ = 0; }

    /// For how long a handler has its place, the last ones above all; empty while too few were seen.
    std::optional<steady_time::duration> usual() const noexcept;

private:
    int seen_ = 0; // up to enough
    steady_time::duration mean_{};
};

/// How many jobs may be held beyond those that `concurrency` places run: at most `most`, and none while nobody knows how long
/// they would wait.
std::size_t jobs_ahead(std::size_t most, std::size_t concurrency, std::optional<steady_time::duration> usual) noexcept;

} // namespace infra::queue
