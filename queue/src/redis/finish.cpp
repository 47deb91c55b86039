#include "slots.hpp"
#include "verbs.hpp"

#include <map>

namespace infra::queue::redis_backend {
namespace {

awaitable<std::vector<bool>> finish_in_one_slot(shared_store s, std::vector<outcome> outcomes) {
    auto& line = s->lines_of(outcomes.front().held.job.queue).work;
    const auto op = std::make_shared<finish_operation>(co_await asio::this_coro::executor, std::move(outcomes));
    line.post(s, op);
    co_await op->delivered();
    co_return std::move(op->recorded);
}

using places = std::vector<std::size_t>;

std::map<std::string, places> by_slot(const store& s, const std::vector<outcome>& outcomes) {
    std::map<std::string, places> all;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        all[slot_of(s.options(), outcomes[i].held.job.queue)].push_back(i);
    return all;
}

} // namespace

awaitable<std::vector<bool>> finish(shared_store s, std::vector<outcome> outcomes) {
    s->check_open();
    if (outcomes.empty())
        co_return std::vector<bool>();
    const auto slots = by_slot(*s, outcomes);
    if (slots.size() == 1)
        co_return co_await finish_in_one_slot(s, std::move(outcomes));
    std::vector<bool> recorded(outcomes.size());
    for (const auto& [slot, theirs] : slots) {
        std::vector<outcome> some;
        for (const auto i : theirs)
            some.push_back(std::move(outcomes[i]));
        const auto done = co_await finish_in_one_slot(s, std::move(some));
        for (std::size_t k = 0; k < theirs.size(); ++k)
            recorded[theirs[k]] = done[k];
    }
    co_return recorded;
}

} // namespace infra::queue::redis_backend
