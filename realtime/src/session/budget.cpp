#include "budget.hpp"

#include <algorithm>

namespace infra::realtime::detail {

bool budget::spend(steady_time now, rate limit) noexcept {
    constexpr double a_century = 3e18;
    const auto each = 1e9 / limit.per_second;
    const auto one = static_cast<nanoseconds>(std::min(each, a_century));
    const auto all = static_cast<nanoseconds>(std::min(each * limit.burst, a_century));
    const auto full_at = std::max(full_at_, ticks(now)) + one;
    if (full_at - ticks(now) > all)
        return false;
    full_at_ = full_at;
    return true;
}

bool user_budgets::spend(std::string_view user, steady_time now, rate limit) {
    auto& mine = shards_[hash()(user) % shards_.size()];
    const std::scoped_lock lock(mine.mutex);
    auto found = mine.of.find(user);
    if (found == mine.of.end()) {
        if (mine.of.size() >= mine.sweep_at) { // a full bucket is as good as none
            std::erase_if(mine.of, [now](const auto& each) { return each.second.is_full(now); });
            mine.sweep_at = std::max<std::size_t>(64, 2 * mine.of.size());
        }
        found = mine.of.try_emplace(std::string(user)).first;
    }
    return found->second.spend(now, limit);
}

std::size_t user_budgets::size() const {
    std::size_t all = 0;
    for (const auto& each : shards_) {
        const std::scoped_lock lock(each.mutex);
        all += each.of.size();
    }
    return all;
}

} // namespace infra::realtime::detail
