#include "recent_keys.hpp"

#include <iterator>
#include <utility>

namespace infra::realtime::detail {
namespace {

std::string joined(std::string_view channel, std::string_view key) {
    return std::string(channel).append(1, '\n').append(key); // no name of a channel has a line's end
}

} // namespace

bool recent_keys::use(std::string_view channel, std::string_view key, steady_time now) {
    auto name = joined(channel, key);
    const std::scoped_lock lock(mutex_);
    while (!used_.empty() && used_.front().until <= now)
        forget(used_.begin());
    if (by_name_.contains(name))
        return false;
    if (used_.size() >= max_)
        forget(used_.begin());
    used_.push_back({std::move(name), saturating_add(now, remembered_)});
    by_name_.emplace(used_.back().name, std::prev(used_.end()));
    return true;
}

void recent_keys::give_back(std::string_view channel, std::string_view key) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = by_name_.find(joined(channel, key)); found != by_name_.end())
        forget(found->second);
}

void recent_keys::forget(std::list<used>::iterator which) {
    by_name_.erase(which->name);
    used_.erase(which);
}

} // namespace infra::realtime::detail
