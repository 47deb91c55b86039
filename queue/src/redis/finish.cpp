#include "naming.hpp"
#include "slots.hpp"
#include "verbs.hpp"

namespace infra::queue::redis_backend {
namespace {

awaitable<std::vector<bool>> finish_at_once(shared_store s, std::vector<outcome> outcomes) {
    auto& line = s->lines_of(outcomes.front().held.job.queue).work;
    const auto op = std::make_shared<finish_operation>(co_await asio::this_coro::executor, std::move(outcomes));
    line.post(s, op);
    co_await op->delivered();
    co_return std::move(op->recorded);
}

std::vector<std::string> queues_of_outcomes(const std::vector<outcome>& outcomes) {
    std::vector<std::string> queues;
    for (const auto& each : outcomes)
        queues.push_back(each.held.job.queue);
    return queues;
}

} // namespace

awaitable<std::vector<bool>> finish(shared_store s, std::vector<outcome> outcomes) {
    s->check_open();
    const auto calls = calls_for(*s, queues_of_outcomes(outcomes));
    if (calls.size() == 1)
        co_return co_await finish_at_once(s, std::move(outcomes));
    std::vector<bool> recorded(outcomes.size());
    for (const auto& theirs : calls) {
        std::vector<outcome> some;
        for (const auto i : theirs)
            some.push_back(std::move(outcomes[i]));
        const auto done = co_await finish_at_once(s, std::move(some));
        for (std::size_t k = 0; k < theirs.size(); ++k)
            recorded[theirs[k]] = done[k];
    }
    co_return recorded;
}

} // namespace infra::queue::redis_backend
