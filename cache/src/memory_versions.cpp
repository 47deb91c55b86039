#include "memory_versions.hpp"

namespace infra::cache {

std::shared_ptr<const version_slot> memory_versions::slot(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    auto& held = slots_[name];
    if (!held) {
        held = std::make_shared<version_slot>();
        held->value = floor_;
        held->known = true;
    }
    return held;
}

std::uint64_t memory_versions::version(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = slots_.find(name);
    return found == slots_.end() ? floor_ : found->second->value.load();
}

void memory_versions::bump(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto [place, added] = slots_.emplace(name, nullptr);
    if (added) {
        place->second = std::make_shared<version_slot>();
        bumped_.push_back(name);
    }
    place->second->value = ++last_;
    place->second->known = true;
    if (bumped_.size() > max_names_)
        forget_oldest();
}

// A slot that somebody holds is a namespace's; those go round, and are as many as the program has.
void memory_versions::forget_oldest() {
    for (auto tries = bumped_.size(); tries > 0; --tries) {
        auto name = std::move(bumped_.front());
        bumped_.pop_front();
        const auto found = slots_.find(name);
        if (found->second.use_count() > 1) {
            bumped_.push_back(std::move(name));
            continue;
        }
        floor_ = std::max(floor_, ++last_);
        slots_.erase(found);
        return;
    }
}

} // namespace infra::cache
