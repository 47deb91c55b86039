#include "slots.hpp"

#include <algorithm>

namespace infra::cache::redis_backend {

std::shared_ptr<const version_slot> slots::slot(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    if (auto held = find(name))
        return held;
    forget_unused();
    auto made = std::make_shared<version_slot>();
    slots_[name] = made;
    return made;
}

bool slots::knows(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    return find(name) != nullptr;
}

void slots::know(std::string_view name, std::uint64_t version) {
    const std::scoped_lock lock(mutex_);
    if (const auto held = find(name)) {
        held->value = version;
        held->known = true;
    }
}

void slots::doubt(std::string_view name) {
    const std::scoped_lock lock(mutex_);
    if (const auto held = find(name))
        held->known = false;
}

void slots::doubt_all() {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, each] : slots_)
        if (const auto held = each.lock())
            held->known = false;
}

void slots::saw(std::span<const std::string> names, std::span<const std::uint64_t> versions) {
    const std::scoped_lock lock(mutex_);
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const auto held = find(names[i])) {
            if (!held->known) // what is known is newer than an answer that comes now
                held->value = versions[i];
            any = any || versions[i] != unheard_of;
        }
    if (any)
        in_doubt_ = false;
}

void slots::forget(std::span<const std::string> names) {
    const std::scoped_lock lock(mutex_);
    for (const auto& name : names)
        if (const auto held = find(name)) {
            held->known = false;
            held->value = unheard_of;
            in_doubt_ = true;
        }
}

std::vector<std::optional<std::uint64_t>> slots::seen_last(std::span<const std::string> names) {
    const std::scoped_lock lock(mutex_);
    std::vector<std::optional<std::uint64_t>> seen;
    for (const auto& name : names) {
        const auto held = find(name);
        seen.push_back(held ? std::optional(held->value.load()) : std::nullopt);
        in_doubt_ = in_doubt_ || held;
    }
    return seen;
}

std::shared_ptr<version_slot> slots::find(std::string_view name) const {
    const auto found = slots_.find(name);
    return found == slots_.end() ? nullptr : found->second.lock();
}

// A program that makes namespaces up leaves nothing behind for those it has let go of.
void slots::forget_unused() {
    if (slots_.size() < forget_at_)
        return;
    std::erase_if(slots_, [](const auto& each) { return each.second.expired(); });
    forget_at_ = std::max<std::size_t>(64, 2 * slots_.size());
}

} // namespace infra::cache::redis_backend
