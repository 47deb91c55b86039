#include "pace.hpp"

#include <algorithm>

namespace infra::storage {

void pace::succeeded() noexcept {
    if (limit_ == most_ || ++successes_ < limit_)
        return;
    ++limit_;
    successes_ = 0;
}

void pace::throttled(std::uint64_t request) noexcept {
    if (request <= last_before_)
        return;
    limit_ = std::max<std::size_t>(limit_ / 2, 1);
    last_before_ = begun_;
    successes_ = 0;
}

bool retry_budget::take() noexcept {
    if (left_ < 1)
        return false;
    --left_;
    return true;
}

void retry_budget::succeeded() noexcept { left_ = std::min(left_ + 0.1, most_); }

} // namespace infra::storage
