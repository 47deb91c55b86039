#include "slots.hpp"
#include "verbs.hpp"

namespace infra::queue::redis_backend {

awaitable<std::vector<added_job>> enqueue(shared_store s, std::vector<new_job> jobs) {
    s->check_open();
    if (jobs.empty())
        co_return std::vector<added_job>();
    check_one_slot(s->options(), jobs, [](const new_job& j) -> const std::string& { return j.queue; });
    const auto op = std::make_shared<add_operation>(co_await asio::this_coro::executor, std::move(jobs));
    s->lines_of(op->jobs.front().queue).adds.post(s, op);
    co_await op->delivered();
    co_return std::move(op->added);
}

} // namespace infra::queue::redis_backend
