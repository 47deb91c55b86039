#include "pace.hpp"

#include <algorithm>

namespace infra::queue {
namespace {

constexpr int enough = 8; // handlers, of which each new one weighs as much as one of so many

} // namespace

void pace::ended(steady_time::duration took) noexcept {
    took = std::max(took, steady_time::duration::zero());
    mean_ = seen_ == 0 ? took : mean_ + (took - mean_) / enough;
    seen_ = std::min(seen_ + 1, enough);
}

std::optional<steady_time::duration> pace::usual() const noexcept {
    return seen_ < enough ? std::nullopt : std::optional(mean_);
}

std::size_t jobs_ahead(std::size_t most, std::size_t concurrency, std::optional<steady_time::duration> usual) noexcept {
    if (!usual)
        return 0;
    const steady_time::duration wait = usual_wait_ahead;
    const auto turns = wait / std::max(*usual, steady_time::duration(1)); // of all places, if that is 1 or more
    if (turns >= static_cast<steady_time::rep>(most))
        return most;
    const auto all =
        static_cast<double>(concurrency) * static_cast<double>(wait.count()) / static_cast<double>(usual->count());
    return static_cast<std::size_t>(std::min(all, static_cast<double>(most)));
}

} // namespace infra::queue
