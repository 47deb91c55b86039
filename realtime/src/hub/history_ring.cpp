#include "history_ring.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {

void history_ring::append(frame what, std::uint64_t offset, steady_time now,
                          std::optional<std::chrono::milliseconds> ttl, std::string except) {
    expire(now);
    const auto kept_for = ttl ? std::min(*ttl, options_.age) : options_.age;
    bytes_ += what.size();
    entries_.push_back(
        {std::move(what), offset, saturating_add(now, kept_for), saturating_add(now, options_.age), std::move(except)});
    last_at_ = now;
    bound();
}

void history_ring::bound() {
    while (entries_.size() > options_.size)
        drop_front();
    for (; bytes_ > options_.max_bytes; dropped_for_bytes_ = true)
        drop_front();
}

std::deque<history_ring::entry> history_ring::take() noexcept {
    bytes_ = 0;
    return std::exchange(entries_, {});
}

void history_ring::restore(std::deque<entry> entries) {
    for (auto& each : entries) {
        bytes_ += each.what.size();
        entries_.push_back(std::move(each));
    }
    bound();
}

// Those with a ttl of their own may lie between others; they go when they are in front, and are passed over until then.
void history_ring::expire(steady_time now) {
    while (!entries_.empty() && entries_.front().until <= now)
        drop_front(entries_.front().until < entries_.front().wanted_until);
}

void history_ring::clear() noexcept {
    entries_.clear();
    bytes_ = 0;
    dropped_for_bytes_ = false;
}

void history_ring::drop_front(bool outlived) noexcept {
    if (!outlived)
        gone_ = entries_.front().offset;
    bytes_ -= entries_.front().what.size();
    entries_.pop_front();
}

std::vector<const history_ring::entry*> history_ring::after(std::uint64_t offset, steady_time now,
                                                            std::string_view client) const {
    auto each = std::ranges::upper_bound(entries_, offset, {}, &entry::offset);
    std::vector<const entry*> found;
    for (; each != entries_.end(); ++each)
        if (each->until > now && (each->except.empty() || each->except != client))
            found.push_back(&*each);
    return found;
}

} // namespace infra::realtime::detail
