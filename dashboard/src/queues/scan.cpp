#include "scan.hpp"

#include <algorithm>
#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::size_t jobs_of_a_step = 1000;

bool is_by_state_alone(const queue::job_filter& f) noexcept {
    return !f.queue.empty() && f.states.size() == 1 && f.name.empty() && f.data_contains.empty() &&
           f.reason_contains.empty() && f.group.empty() && !f.created_before && !f.finished_before;
}

std::size_t number_in(const queue::queue_counts& counts, queue::job_state state) noexcept {
    switch (state) {
    case queue::job_state::waiting: return counts.waiting;
    case queue::job_state::delayed: return counts.delayed;
    case queue::job_state::active: return counts.active;
    case queue::job_state::completed: return counts.completed;
    case queue::job_state::failed: return counts.failed;
    case queue::job_state::waiting_children: return counts.waiting_children;
    }
    return 0;
}

} // namespace

awaitable<queue::job_page> look_for(queue::control jobs, queue::list_request request,
                                    std::function<bool(const queue::job_info&)> fits, scan_bounds bounds) {
    const auto wanted = request.max;
    const auto until = deadline::after(bounds.time, jobs.time().steady());
    queue::job_page found;
    do {
        request.max = wanted - found.jobs.size();
        auto part = co_await jobs.list(request);
        for (auto& each : part.jobs)
            if (!fits || fits(each))
                found.jobs.push_back(std::move(each));
        found.looked_at += part.looked_at;
        found.next = request.cursor = std::move(part.next);
    } while (!found.next.empty() && found.jobs.size() < wanted && found.looked_at < bounds.jobs &&
             !until.passed(jobs.time().steady()));
    co_return found;
}

awaitable<job_count> count_those(queue::control jobs, queue::job_filter filter, std::string cursor,
                                 std::function<bool(const queue::job_info&)> fits, scan_bounds bounds) {
    if (!fits && is_by_state_alone(filter)) {
        std::vector<std::string> one(1, filter.queue);
        const auto counts = co_await jobs.stored()->counts(std::move(one));
        co_return job_count{.count = counts.empty() ? 0 : number_in(counts[0], filter.states[0])};
    }
    const auto until = deadline::after(bounds.time, jobs.time().steady());
    job_count found{.next = std::move(cursor)};
    do {
        queue::list_request request{
            .filter = filter, .max = jobs_of_a_step, .newest_first = true, .cursor = found.next};
        auto part = co_await jobs.list(std::move(request));
        found.count += fits ? static_cast<std::size_t>(std::ranges::count_if(part.jobs, fits)) : part.jobs.size();
        found.looked_at += part.looked_at;
        found.next = std::move(part.next);
    } while (!found.next.empty() && found.looked_at < bounds.jobs && !until.passed(jobs.time().steady()));
    co_return found;
}

awaitable<queue::change_result> change_those(queue::control jobs, queue::job_change what, queue::job_filter filter,
                                             std::string cursor, std::chrono::milliseconds time) {
    const auto until = deadline::after(time, jobs.time().steady());
    queue::change_result all{.next = std::move(cursor)};
    do {
        queue::change_request request{
            .what = what, .filter = filter, .max = jobs_of_a_step, .cursor = std::move(all.next)};
        auto part = co_await jobs.change(std::move(request));
        all.changed += part.changed;
        all.next = std::move(part.next);
    } while (!all.next.empty() && !until.passed(jobs.time().steady()));
    co_return all;
}

} // namespace infra::dashboard
