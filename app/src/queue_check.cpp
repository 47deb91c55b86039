#include <infra/app/queue_check.hpp>

#include "queue_judgement.hpp"

#include <infra/queue.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

namespace infra::app {
namespace {

using std::chrono::milliseconds;

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("app::queue_check_options::") + sentence);
}

queue_check_options checked(queue_check_options options) {
    require(options.degraded_after > milliseconds::zero(), "degraded_after must be more than zero");
    require(options.degraded_without_worker > milliseconds::zero(), "degraded_without_worker must be more than zero");
    require(options.unhealthy_above.value_or(options.degraded_above) >= options.degraded_above,
            "unhealthy_above must not be less than degraded_above");
    require(options.unhealthy_after.value_or(options.degraded_after) >= options.degraded_after,
            "unhealthy_after must not be less than degraded_after");
    require(options.unhealthy_without_worker.value_or(options.degraded_without_worker) >=
                options.degraded_without_worker,
            "unhealthy_without_worker must not be less than degraded_without_worker");
    return options;
}

bool has_worker(const std::vector<queue::worker_info>& all, const std::string& queue) {
    return std::ranges::any_of(
        all, [&](const auto& each) { return std::ranges::find(each.queues, queue) != each.queues.end(); });
}

milliseconds since(std::optional<wall_time> t, wall_time now) {
    const auto waited = t ? saturating_sub(now, *t) : wall_time::duration::zero();
    return std::max(milliseconds::zero(), std::chrono::duration_cast<milliseconds>(waited));
}

} // namespace

/// Since when queues have been seen with jobs and without a worker.
struct queue_check::memory {
    std::mutex mutex;
    std::map<std::string, steady_time> unattended; // guarded by mutex

    void see(std::vector<queue_seen>& all, const std::vector<queue::worker_info>& workers, steady_time now) {
        const std::scoped_lock lock(mutex);
        std::map<std::string, steady_time> still;
        for (auto& q : all) {
            const auto& name = q.counts.queue;
            if (q.waited == milliseconds::zero() || q.counts.paused || has_worker(workers, name))
                continue;
            const auto found = unattended.find(name);
            const auto from = found == unattended.end() ? now : found->second;
            still.emplace(name, from);
            q.unattended = std::min(q.waited, std::chrono::duration_cast<milliseconds>(saturating_sub(now, from)));
        }
        unattended = std::move(still);
    }
};

queue_check::queue_check(queue_check_options options)
    : options_(checked(std::move(options))), memory_(std::make_shared<memory>()) {}

awaitable<health::check_result> queue_check::operator()() const {
    const auto seen = memory_; // the check may be replaced meanwhile
    const auto options = options_;
    const auto jobs = queue::default_queue();
    const auto backlogs = co_await jobs.backlogs(options.queues);
    const auto workers = co_await jobs.workers();
    const auto now = jobs.time().wall();
    std::vector<queue_seen> all;
    for (const auto& each : backlogs)
        all.push_back({.counts = each.counts, .waited = since(each.oldest, now)});
    seen->see(all, workers, jobs.time().steady());
    co_return judge(all, options);
}

} // namespace infra::app
