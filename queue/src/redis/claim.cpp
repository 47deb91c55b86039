#include "presence.hpp"
#include "slots.hpp"
#include "verbs.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <functional>

namespace infra::queue::redis_backend {
namespace {

// The first of each name stays where it is.
std::vector<std::string> without_repeats(const std::vector<std::string>& queues) {
    std::vector<std::string> once;
    for (const auto& each : queues)
        if (std::ranges::find(once, each) == once.end())
            once.push_back(each);
    return once;
}

} // namespace

// Cancelled, it is asked for back, and it is learnt which of the two the line was told first.
awaitable<claim_result> claim(shared_store s, claim_request request) {
    s->check_open();
    if (request.queues.empty())
        co_return claim_result();
    request.queues = without_repeats(request.queues);
    check_one_slot(s->options(), request.queues, std::identity());
    auto entering = s->here().enter(s, request.worker, request.name, request.queues, request.now);
    auto& line = s->lines_of(request.queues.front()).work;
    const auto op = std::make_shared<claim_operation>(co_await asio::this_coro::executor, std::move(request));
    line.post(s, op);
    try {
        co_await std::move(entering);
        co_await op->delivered();
        co_return std::move(op->found);
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    line.withdraw(s, op);
    co_await op->delivered();
    co_return std::move(op->found);
}

awaitable<void> leave(shared_store s, std::string worker) {
    s->check_open();
    co_await s->here().leave(s, std::move(worker));
}

} // namespace infra::queue::redis_backend
