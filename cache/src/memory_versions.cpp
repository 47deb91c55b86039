#include "memory_versions.hpp"

#include <algorithm>

namespace infra::cache {

std::shared_ptr<const version_slot> memory_versions::slot(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = bumped_.find(name); found != bumped_.end())
        return found->second;
    if (auto held = watched(name))
        return held;
    auto fresh = fresh_slot();
    forget_unwatched();
    watched_.insert_or_assign(name, fresh);
    return fresh;
}

std::uint64_t memory_versions::version(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    if (const auto found = bumped_.find(name); found != bumped_.end())
        return found->second->value;
    const auto held = watched(name);
    return held ? held->value.load() : floor_;
}

void memory_versions::bump(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    auto found = bumped_.find(name);
    if (found == bumped_.end())
        found = remember(name);
    found->second->value = ++last_;
    if (bytes_ > max_bytes_)
        forget_oldest();
}

// All of it or, without memory, nothing.
memory_versions::slots::iterator memory_versions::remember(const std::string& name) {
    auto held = watched(name);
    if (!held)
        held = fresh_slot();
    order_.push_back(name);
    try {
        const auto place = bumped_.emplace(name, std::move(held)).first;
        watched_.erase(name);
        bytes_ += cost_of(name);
        return place;
    } catch (...) {
        order_.pop_back();
        throw;
    }
}

std::size_t memory_versions::bytes() const {
    const std::scoped_lock lock(mutex_);
    return bytes_;
}

std::size_t memory_versions::watched() const {
    const std::scoped_lock lock(mutex_);
    return watched_.size();
}

memory_versions::slot_pointer memory_versions::watched(const std::string& name) const {
    const auto found = watched_.find(name);
    return found == watched_.end() ? nullptr : found->second.lock();
}

memory_versions::slot_pointer memory_versions::fresh_slot() const {
    auto fresh = std::make_shared<version_slot>();
    fresh->value = floor_;
    fresh->known = true;
    return fresh;
}

// As often as they double, so that it costs each a constant.
void memory_versions::forget_unwatched() {
    if (watched_.size() < look_again_at_)
        return;
    std::erase_if(watched_, [](const auto& each) { return each.second.expired(); });
    look_again_at_ = std::max<std::size_t>(64, 2 * watched_.size());
}

// A quarter at once, since all of an unknown name becomes void each time. A slot that somebody holds is a namespace's; those
// go round, and are as many as the program has.
void memory_versions::forget_oldest() {
    const auto enough = max_bytes_ - max_bytes_ / 4;
    for (auto tries = order_.size(); tries > 0 && bytes_ > enough; --tries) {
        auto name = std::move(order_.front());
        order_.pop_front();
        const auto found = bumped_.find(name);
        if (found->second.use_count() > 1) {
            order_.push_back(std::move(name));
            continue;
        }
        bytes_ -= cost_of(name);
        bumped_.erase(found);
        floor_ = last_ + 1;
    }
    last_ = std::max(last_, floor_);
}

} // namespace infra::cache
