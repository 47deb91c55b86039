#include "move_route.hpp"

#include "move_plan.hpp"

#include <algorithm>
#include <iterator>

namespace infra::queue {

transferable_store& transferable(const std::shared_ptr<backend>& stored) {
    auto* as = dynamic_cast<transferable_store*>(stored.get());
    if (!as)
        throw error(infra::errc::invalid_input,
                    "the queue at " + stored->description() +
                        " cannot be moved from or to: its backend is no transferable_store");
    return *as;
}

job_key key_of(const job_info& job) { return {job.queue, job.id}; }

std::vector<job_key> keys_of(const std::vector<job_info>& jobs) {
    std::vector<job_key> all;
    std::ranges::transform(jobs, std::back_inserter(all), key_of);
    return all;
}

awaitable<std::vector<job_info>> route::next_jobs(std::string queue, std::size_t most, std::string& cursor,
                                                  bool& is_over) const {
    std::vector<job_info> jobs;
    do {
        auto page = co_await from->list({.filter = {.queue = queue}, .max = most, .cursor = cursor});
        cursor = std::move(page.next);
        for (auto& job : page.jobs)
            if (!is_pending_run(job, schedules))
                jobs.push_back(std::move(job));
    } while (jobs.empty() && !cursor.empty());
    is_over = cursor.empty();
    co_return jobs;
}

awaitable<std::vector<schedule_info>> schedules_of(std::shared_ptr<backend> from, std::vector<std::string> queues) {
    std::vector<schedule_info> all;
    for (const auto& each : queues)
        std::ranges::move(co_await from->schedules(each), std::back_inserter(all));
    co_return all;
}

} // namespace infra::queue
