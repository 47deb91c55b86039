// What control tells of whole queues: how long their jobs wait, how many ended, and who is there for them.

#include <infra/queue/control.hpp>

#include "instruments.hpp"

#include <algorithm>

namespace infra::queue {
namespace {

void report(const backlog& one, wall_time now) {
    const auto& counted = instruments_of(one.counts.queue);
    const auto waited = one.oldest ? saturating_sub(now, *one.oldest) : wall_time::duration::zero();
    counted.waiting_jobs.record(static_cast<double>(one.counts.waiting));
    counted.oldest_waiting.record(std::max(0.0, std::chrono::duration<double>(waited).count()));
}

// Both are asked of the same queues: one may come in between.
awaitable<std::vector<backlog>> backlogs_of(control on, std::vector<std::string> queues) {
    std::vector<backlog> all;
    for (auto& each : co_await on.stored()->counts(std::move(queues)))
        all.push_back({.counts = std::move(each)});
    std::vector<std::string> names;
    for (const auto& each : all)
        names.push_back(each.counts.queue);
    const auto now = on.time().wall();
    const auto oldest = co_await on.stored()->waiting_since(std::move(names), now);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].oldest = oldest.at(i);
        report(all[i], now);
    }
    co_return all;
}

awaitable<std::optional<wall_time>> longest_waiting(control on, std::string queue) {
    std::vector<std::string> one;
    one.push_back(std::move(queue));
    co_return (co_await on.stored()->waiting_since(std::move(one), on.time().wall())).at(0);
}

} // namespace

awaitable<std::vector<minute_counts>> control::history(std::string queue, std::chrono::minutes back) const {
    const auto now = time_->wall();
    return stored_->history(std::move(queue), saturating_add(now, -back), saturating_add(now, std::chrono::minutes(1)));
}

awaitable<std::optional<wall_time>> control::oldest_waiting(std::string queue) const {
    return longest_waiting(*this, std::move(queue));
}

awaitable<std::vector<backlog>> control::backlogs(std::vector<std::string> queues) const {
    return backlogs_of(*this, std::move(queues));
}

awaitable<std::vector<worker_info>> control::workers(std::string queue) const {
    std::vector<std::string> one;
    if (!queue.empty())
        one.push_back(std::move(queue));
    return stored_->workers(std::move(one));
}

} // namespace infra::queue
