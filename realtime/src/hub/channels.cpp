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
    auto& part = parts_[text_hash()(name) % parts()];
    const std::scoped_lock lock(part.mutex);
    const auto found = part.channels.find(name);
    if (found != part.channels.end())
        return found->second;
    if (size_.fetch_add(1, std::memory_order_relaxed) >= max_) {
        --size_;
        throw error(infra::errc::overloaded, "there are as many channels as hub_limits::max_channels allows; raise it, "
                                             "or let clients leave those they no longer look at");
    }
    channel_facts facts{.name = std::string(name), .options = options_of(name)};
    if (with_epoch && facts.options.history.size > 0)
        facts.epoch = random_hex(8);
    auto made = std::make_shared<channel>(std::move(facts), ++numbers_, now);
    part.channels.emplace(name, made);
    return made;
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
