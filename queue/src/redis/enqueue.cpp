#include "naming.hpp"
#include "slots.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <functional>

namespace infra::queue::redis_backend {
namespace {

std::vector<std::string> queues_of(const std::vector<new_job>& jobs) {
    std::vector<std::string> queues;
    for (const auto& each : jobs)
        if (std::ranges::find(queues, each.queue) == queues.end())
            queues.push_back(each.queue);
    return queues;
}

} // namespace

awaitable<std::vector<added_job>> enqueue(shared_store s, std::vector<new_job> jobs) {
    s->check_open();
    if (jobs.empty())
        co_return std::vector<added_job>();
    auto queues = queues_of(jobs);
    check_one_slot(s->options(), queues, std::identity());
    co_await make_known(s, std::move(queues));
    const auto op = std::make_shared<add_operation>(co_await asio::this_coro::executor, std::move(jobs));
    s->lines_of(op->jobs.front().queue).adds.post(s, op);
    co_await op->delivered();
    co_return std::move(op->added);
}

} // namespace infra::queue::redis_backend
