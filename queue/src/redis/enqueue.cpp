#include "naming.hpp"
#include "slots.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <functional>

namespace infra::queue::redis_backend {
namespace {

bool has_parent_anywhere(const new_job& job) {
    return job.parent && !job.parent->parent.id.empty() && job.parent->parent.queue.empty();
}

// Parents that are stored, and named by their ids alone.
awaitable<std::vector<new_job>> with_parents_queues(shared_store s, std::vector<new_job> jobs) {
    for (auto& each : jobs) {
        if (!has_parent_anywhere(each))
            continue;
        const auto found = co_await with_queues(s, {each.parent->parent});
        if (found.at(0).queue.empty())
            throw no_parent_error(each.parent->parent);
        each.parent->parent = found[0];
    }
    co_return jobs;
}

/// Of jobs and of parents, each once in a row.
std::vector<std::string> queues_of(const std::vector<new_job>& jobs) {
    std::vector<std::string> all;
    const auto add = [&](const std::string& queue) {
        if (all.empty() || all.back() != queue)
            all.push_back(queue);
    };
    for (const auto& each : jobs) {
        add(each.queue);
        if (each.parent && !each.parent->parent.id.empty())
            add(each.parent->parent.queue);
    }
    return all;
}

} // namespace

awaitable<std::vector<added_job>> enqueue(shared_store s, std::vector<new_job> jobs) {
    s->check_open();
    if (jobs.empty())
        co_return std::vector<added_job>();
    check_families(jobs);
    if (std::ranges::any_of(jobs, has_parent_anywhere))
        jobs = co_await with_parents_queues(s, std::move(jobs));
    check_one_slot(s->options(), queues_of(jobs), std::identity());
    const auto op = std::make_shared<add_operation>(co_await asio::this_coro::executor, std::move(jobs));
    s->lines_of(op->jobs.front().queue).adds.post(s, op);
    co_await op->delivered();
    co_return std::move(op->added);
}

} // namespace infra::queue::redis_backend
