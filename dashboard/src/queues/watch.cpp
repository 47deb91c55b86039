#include "watch.hpp"

#include <algorithm>
#include <numeric>

namespace infra::dashboard {
namespace {

constexpr std::chrono::milliseconds good_for{900};
constexpr std::chrono::seconds window_good_for{5};
constexpr std::chrono::minutes::rep most_parts = 60;

std::size_t workers_of(const std::vector<queue::worker_info>& all, const std::string& queue) {
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const auto& each) { return std::ranges::find(each.queues, queue) != each.queues.end(); }));
}

} // namespace

awaitable<queues_seen> look_at_queues(queue::control jobs) {
    queues_seen seen{.at = jobs.time().wall()};
    seen.workers = co_await jobs.workers();
    auto backlogs = co_await jobs.backlogs();
    if (backlogs.size() > most_queues) {
        seen.left_out = backlogs.size() - most_queues;
        backlogs.resize(most_queues);
    }
    for (auto& each : backlogs) {
        const auto name = each.counts.queue;
        seen.queues.push_back(
            {.counts = std::move(each.counts), .oldest = each.oldest, .workers = workers_of(seen.workers, name)});
        seen.queues.back().minutes = co_await jobs.history(name, rate_over);
    }
    co_return seen;
}

std::size_t completed_in(const queue_seen& q) noexcept {
    return std::accumulate(q.minutes.begin(), q.minutes.end(), std::size_t{0},
                           [](std::size_t sum, const auto& each) { return sum + each.completed; });
}

std::size_t failed_in(const queue_seen& q) noexcept {
    return std::accumulate(q.minutes.begin(), q.minutes.end(), std::size_t{0},
                           [](std::size_t sum, const auto& each) { return sum + each.failed; });
}

double rate_of(const queue_seen& q) noexcept {
    return static_cast<double>(completed_in(q) + failed_in(q)) / static_cast<double>(rate_over.count());
}

std::vector<double> failures_over_time(const queues_seen& all, std::chrono::minutes within) {
    const auto parts = std::clamp<std::chrono::minutes::rep>(within.count(), 1, most_parts);
    const std::chrono::minutes part{(within.count() + parts - 1) / parts};
    std::vector<double> out(static_cast<std::size_t>(parts));
    const auto last = std::chrono::floor<std::chrono::minutes>(all.at);
    for (const auto& each : all.queues)
        for (const auto& minute : each.minutes) {
            const auto back = std::max((last - minute.minute) / part, std::chrono::minutes::rep{0});
            if (back < parts)
                out[static_cast<std::size_t>(parts - 1 - back)] += static_cast<double>(minute.failed);
        }
    return out;
}

std::chrono::milliseconds waited(const queue_seen& q, wall_time now) noexcept {
    if (!q.oldest)
        return std::chrono::milliseconds(0);
    return std::max(std::chrono::milliseconds(0),
                    std::chrono::duration_cast<std::chrono::milliseconds>(saturating_sub(now, *q.oldest)));
}

awaitable<queue_watch::seen> queue_watch::look(queue::control jobs) {
    const auto self = shared_from_this();
    {
        const std::scoped_lock lock(self->mutex_);
        if (self->last_ && jobs.time().steady() - self->looked_ < good_for)
            co_return self->last_;
    }
    auto fresh = std::make_shared<const queues_seen>(co_await look_at_queues(jobs));
    const std::scoped_lock lock(self->mutex_);
    self->last_ = fresh;
    self->looked_ = jobs.time().steady();
    co_return fresh;
}

awaitable<queue_watch::seen> queue_watch::look(queue::control jobs, std::chrono::minutes within) {
    const auto self = shared_from_this();
    auto now = co_await self->look(jobs);
    if (within == rate_over)
        co_return now;
    const auto back = co_await self->look_back(jobs, now, within);
    auto other = std::make_shared<queues_seen>(*now);
    for (auto& each : other->queues) {
        const auto found = back->by_queue.find(each.counts.queue);
        each.minutes = found == back->by_queue.end() ? std::vector<queue::minute_counts>() : found->second;
    }
    co_return other;
}

awaitable<std::shared_ptr<const queue_watch::window>> queue_watch::look_back(queue::control jobs, seen all,
                                                                             std::chrono::minutes within) {
    const auto self = shared_from_this();
    const auto now = jobs.time().steady();
    {
        const std::scoped_lock lock(self->mutex_);
        if (self->window_ && self->window_->within == within && now - self->window_->looked < window_good_for)
            co_return self->window_;
    }
    auto fresh = std::make_shared<window>(window{.within = within, .looked = now});
    for (const auto& each : all->queues)
        fresh->by_queue[each.counts.queue] = co_await jobs.history(each.counts.queue, within);
    const std::scoped_lock lock(self->mutex_);
    co_return self->window_ = std::move(fresh);
}

void queue_watch::forget() noexcept {
    const std::scoped_lock lock(mutex_);
    last_.reset();
    window_.reset();
}

} // namespace infra::dashboard
