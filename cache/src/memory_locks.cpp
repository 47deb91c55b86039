#include "memory_locks.hpp"

namespace infra::cache {
namespace {

constexpr std::size_t many_locks = 1024;
constexpr std::size_t max_locks = 100'000;

} // namespace

std::optional<std::uint64_t> memory_locks::acquire(const lock_request& r) {
    const std::scoped_lock lock(mutex_);
    const auto now = time_.steady();
    const auto found = locks_.find(r.key);
    const bool free = found == locks_.end() || found->second.until <= now;
    if (!free && found->second.token != r.token)
        return std::nullopt;
    if (free && locks_.size() >= many_locks)
        forget_over();
    if (free && locks_.size() >= max_locks)
        throw error(infra::errc::overloaded, "100000 locks are held in the memory store; more are refused");
    auto& mine = locks_[r.key];
    mine = {r.token, saturating_add(now, r.ttl), free ? ++last_fence_ : mine.fence};
    return mine.fence;
}

bool memory_locks::extend(const lock_request& r) {
    const std::scoped_lock lock(mutex_);
    auto* mine = find(r);
    if (mine)
        mine->until = saturating_add(time_.steady(), r.ttl);
    return mine;
}

bool memory_locks::release(const lock_request& r) {
    const std::scoped_lock lock(mutex_);
    const bool held_by_me = find(r);
    if (held_by_me)
        locks_.erase(r.key);
    return held_by_me;
}

memory_locks::held* memory_locks::find(const lock_request& r) {
    const auto found = locks_.find(r.key);
    const bool mine = found != locks_.end() && found->second.token == r.token && found->second.until > time_.steady();
    return mine ? &found->second : nullptr;
}

void memory_locks::forget_over() {
    std::erase_if(locks_, [now = time_.steady()](const auto& each) { return each.second.until <= now; });
}

} // namespace infra::cache
