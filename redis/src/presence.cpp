#include "presence.hpp"

#include <algorithm>

namespace infra::redis::detail {

void presence::came(const address& at, bool again) {
    {
        const std::scoped_lock lock(mutex_);
        places_.push_back(at);
    }
    try {
        if (listener_)
            listener_(at, again ? change::came_again : change::came);
    } catch (...) {
        is_gone(at);
        throw;
    }
}

void presence::tell_that_it_went(const address& at) const {
    if (listener_)
        listener_(at, change::went);
}

void presence::is_gone(const address& at) noexcept {
    const std::scoped_lock lock(mutex_);
    if (const auto found = std::ranges::find(places_, at); found != places_.end())
        places_.erase(found);
}

std::vector<address> presence::places() const {
    const std::scoped_lock lock(mutex_);
    return places_;
}

} // namespace infra::redis::detail
