#include "recent_keys.hpp"

#include <chrono>
#include <utility>

namespace infra::realtime::detail {
namespace {

constexpr std::chrono::minutes remembered(5);

std::string joined(std::string_view channel, std::string_view key) {
    return std::string(channel).append(1, '\n').append(key); // no name of a channel has a line's end
}

} // namespace

bool recent_keys::use(std::string_view channel, std::string_view key, steady_time now) {
    auto name = joined(channel, key);
    const std::scoped_lock lock(mutex_);
    while (!used_.empty() && used_.front().until <= now)
        forget_oldest();
    if (known_.contains(name))
        return false;
    if (used_.size() >= max_)
        forget_oldest();
    used_.push_back({std::move(name), saturating_add(now, remembered)});
    known_.insert(used_.back().name);
    return true;
}

void recent_keys::forget_oldest() {
    const auto known = known_.find(used_.front().name);
    if (known != known_.end() &&
        known->data() == used_.front().name.data()) // it may have been given back and used again
        known_.erase(known);
    used_.pop_front();
}

} // namespace infra::realtime::detail
