#include "memory_locks.hpp"

#include <utility>

namespace infra::cache {

std::optional<std::uint64_t> memory_locks::acquire(const lock_request& r) {
    const std::scoped_lock lock(mutex_);
    forget_over();
    auto found = locks_.find(r.key);
    if (found != locks_.end()) {
        if (found->second.token != r.token)
            return std::nullopt;
        set_end(found, r.ttl);
        return found->second.fence;
    }
    if (bytes_ + cost_of(r) > max_bytes_)
        throw error(infra::errc::overloaded,
                    std::to_string(locks_.size()) +
                        " locks are held, and more have no room in the memory store; raise max_bytes");
    return take(r).fence;
}

// With its end or, without memory, not at all: one without would be held for ever.
const memory_locks::held& memory_locks::take(const lock_request& r) {
    const auto end = ends_.emplace(saturating_add(time_.steady(), r.ttl), r.key);
    try {
        const auto place = locks_.emplace(r.key, held{.token = r.token, .fence = last_fence_ + 1, .end = end}).first;
        ++last_fence_;
        bytes_ += cost_of(r);
        return place->second;
    } catch (...) {
        ends_.erase(end);
        throw;
    }
}

bool memory_locks::extend(const lock_request& r) {
    const std::scoped_lock lock(mutex_);
    forget_over();
    const auto found = locks_.find(r.key);
    const bool mine = is_mine(found, r);
    if (mine)
        set_end(found, r.ttl);
    return mine;
}

bool memory_locks::release(const lock_request& r) {
    const std::scoped_lock lock(mutex_);
    forget_over();
    const auto found = locks_.find(r.key);
    const bool mine = is_mine(found, r);
    if (mine)
        drop(found);
    return mine;
}

std::size_t memory_locks::bytes() const {
    const std::scoped_lock lock(mutex_);
    return bytes_;
}

bool memory_locks::is_mine(places::iterator found, const lock_request& r) const {
    return found != locks_.end() && found->second.token == r.token;
}

void memory_locks::set_end(places::iterator place, std::chrono::milliseconds ttl) {
    const auto later = ends_.emplace(saturating_add(time_.steady(), ttl), place->first);
    const auto before = std::exchange(place->second.end, later);
    if (before != ends_.end())
        ends_.erase(before);
}

void memory_locks::drop(places::iterator place) {
    bytes_ -= cost_of({.key = place->first, .token = place->second.token});
    ends_.erase(place->second.end);
    locks_.erase(place);
}

// All of them: each was paid for when it was taken.
void memory_locks::forget_over() {
    const auto now = time_.steady();
    while (!ends_.empty() && ends_.begin()->first <= now)
        drop(locks_.find(ends_.begin()->second));
}

} // namespace infra::cache
