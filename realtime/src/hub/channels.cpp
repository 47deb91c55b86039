#include "channels.hpp"

#include <infra/base/id.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {

std::shared_ptr<channel> channels::find(std::string_view name) const {
    const auto& part = part_of(name);
    const std::scoped_lock lock(part.mutex);
    const auto found = part.channels.find(name);
    return found == part.channels.end() ? nullptr : found->second;
}

std::shared_ptr<channel> channels::find_or_make(std::string_view name, steady_time now, bool with_epoch) {
    while (true) {
        if (auto made = make(name, now, with_epoch))
            return made;
        if (!make_room(now))
            throw error(infra::errc::overloaded,
                        "there are as many channels as hub_limits::max_channels allows, and all are heard; raise it, "
                        "or let clients leave those they no longer look at");
    }
}

std::shared_ptr<channel> channels::make(std::string_view name, steady_time now, bool with_epoch) {
    auto& part = parts_[text_hash()(name) % parts()];
    const std::scoped_lock lock(part.mutex);
    const auto found = part.channels.find(name);
    if (found != part.channels.end())
        return found->second;
    if (size_.fetch_add(1, std::memory_order_relaxed) >= max_) {
        --size_;
        return nullptr;
    }
    channel_facts facts{.name = std::string(name), .options = options_of(name)};
    if (with_epoch && facts.options.history.size > 0)
        facts.epoch = random_hex(8);
    auto made = std::make_shared<channel>(std::move(facts), ++numbers_, now);
    part.channels.emplace(name, made);
    return made;
}

// One look goes over all there are, and so has to make room for many; one that found fewer is not repeated at once.
bool channels::make_room(steady_time now) {
    if (now < look_again_at_.load(std::memory_order_relaxed))
        return false;
    const auto idle = longest_idle();
    for (const auto& each : idle)
        forget(each);
    if (idle.size() < worth_a_look())
        look_again_at_.store(saturating_add(now, std::chrono::seconds(1)), std::memory_order_relaxed);
    return !idle.empty();
}

std::size_t channels::worth_a_look() const noexcept { return std::max<std::size_t>(1, max_ / 1'024); }

std::vector<channels::idle_channel> channels::longest_idle() const {
    std::vector<idle_channel> found;
    for (const auto& part : parts_) {
        const std::scoped_lock lock(part.mutex);
        for (const auto& [name, each] : part.channels)
            if (const auto since = each->idle_since())
                found.push_back({each, *since});
    }
    const auto enough = std::min(found.size(), std::max(worth_a_look(), found.size() / 64));
    std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(enough), {}, &idle_channel::since);
    found.resize(enough);
    return found;
}

void channels::forget(const idle_channel& which) {
    auto& part = parts_[text_hash()(which.which->name()) % parts()];
    const std::scoped_lock lock(part.mutex);
    const auto found = part.channels.find(which.which->name());
    if (found == part.channels.end() || found->second != which.which || !which.which->end_if_idle_since(which.since))
        return;
    part.channels.erase(found);
    --size_;
}

std::vector<std::shared_ptr<channel>> channels::all() const {
    std::vector<std::shared_ptr<channel>> found;
    for (const auto& part : parts_) {
        const std::scoped_lock lock(part.mutex);
        for (const auto& [name, each] : part.channels)
            found.push_back(each);
    }
    std::ranges::sort(found, {}, &channel::number);
    return found;
}

void channels::expire(std::string_view name, steady_time now) {
    auto& part = parts_[text_hash()(name) % parts()];
    const std::scoped_lock lock(part.mutex);
    const auto found = part.channels.find(name);
    if (found == part.channels.end() || !found->second->expire(now))
        return;
    part.channels.erase(found);
    --size_;
}

void channels::expire_part(std::size_t i, steady_time now) {
    auto& part = parts_[i];
    const std::scoped_lock lock(part.mutex);
    size_ -= std::erase_if(part.channels, [now](const auto& each) { return each.second->expire(now); });
}

} // namespace infra::realtime::detail
