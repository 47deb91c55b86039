#include "failures.hpp"

#include <algorithm>

namespace infra::dashboard {
namespace {

constexpr std::chrono::milliseconds good_at_least{2'000};

std::size_t ended_in(const std::vector<queue::minute_counts>& minutes) noexcept {
    std::size_t sum = 0;
    for (const auto& each : minutes)
        sum += each.failed;
    return minutes.empty() ? 0 : sum + static_cast<std::size_t>(to_unix_ms(minutes.back().minute));
}

} // namespace

awaitable<failure_watch::seen> failure_watch::look(queue::control jobs, std::string queue, std::size_t failed,
                                                   std::vector<queue::minute_counts> minutes) {
    const auto self = shared_from_this();
    const auto ended = ended_in(minutes);
    const auto begun = jobs.time().steady();
    {
        const std::scoped_lock lock(self->mutex_);
        const auto found = self->known_.find(queue);
        if (found != self->known_.end()) {
            const auto& k = found->second;
            if ((k.failed == failed && k.ended == ended) || begun < k.good_until)
                co_return k.groups;
        }
    }
    auto fresh = std::make_shared<const queue::failure_groups>(co_await queue::group_failures(jobs, queue));
    const auto now = jobs.time().steady();
    const std::scoped_lock lock(self->mutex_);
    if (self->known_.size() >= 1000)
        self->known_.clear();
    self->known_[queue] = {.groups = fresh,
                           .failed = failed,
                           .ended = ended,
                           .good_until = now + std::max<steady_time::duration>(good_at_least, (now - begun) * 10)};
    co_return fresh;
}

void failure_watch::forget(const std::string& queue) noexcept {
    const std::scoped_lock lock(mutex_);
    known_.erase(queue);
}

} // namespace infra::dashboard
