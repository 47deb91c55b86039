#include "expiries.hpp"

#include <vector>

namespace infra::realtime::detail {

void expiries::add(steady_time when, const std::shared_ptr<expiring>& who) {
    const std::scoped_lock lock(mutex_);
    all_.emplace(when, entry{who.get(), who});
}

void expiries::remove(steady_time when, const expiring& who) noexcept {
    const std::scoped_lock lock(mutex_);
    const auto [first, last] = all_.equal_range(when);
    for (auto each = first; each != last; ++each) {
        if (each->second.id == &who) {
            all_.erase(each);
            return;
        }
    }
}

void expiries::sweep(steady_time now) {
    std::vector<std::weak_ptr<expiring>> due;
    {
        const std::scoped_lock lock(mutex_);
        const auto end = all_.upper_bound(now);
        for (auto each = all_.begin(); each != end; ++each)
            due.push_back(std::move(each->second.who));
        all_.erase(all_.begin(), end);
    }
    for (const auto& each : due)
        if (const auto who = each.lock())
            who->time_is_up();
}

std::size_t expiries::size() const {
    const std::scoped_lock lock(mutex_);
    return all_.size();
}

} // namespace infra::realtime::detail
