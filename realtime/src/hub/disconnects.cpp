#include "disconnects.hpp"

namespace infra::realtime::detail {

void disconnects::note(std::string_view user) {
    const std::scoped_lock lock(mutex_);
    const auto found = latest_.try_emplace(std::string(user)).first;
    in_order_.erase(found->second);
    found->second = ++count_;
    in_order_.emplace(count_, user);
    if (in_order_.size() <= most_)
        return;
    const auto oldest = in_order_.begin();
    forgotten_ = oldest->first;
    latest_.erase(oldest->second);
    in_order_.erase(oldest);
}

std::uint64_t disconnects::count() const {
    const std::scoped_lock lock(mutex_);
    return count_;
}

bool disconnects::has_been(std::string_view user, std::uint64_t since) const {
    const std::scoped_lock lock(mutex_);
    const auto found = latest_.find(user);
    return found != latest_.end() ? found->second > since : forgotten_ > since;
}

bool disconnects::has_been(const identity& who) const {
    return !who.user.empty() && who.asked_after && has_been(who.user, *who.asked_after);
}

} // namespace infra::realtime::detail
