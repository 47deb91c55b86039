#include "stall.hpp"

#include <infra/storage/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace infra::storage {
namespace {

// Returns once nothing has moved for so long.
awaitable<void> watch(std::shared_ptr<const steady_time> moved, std::chrono::milliseconds longest, clock& time) {
    auto until = saturating_add(*moved, longest);
    while (time.steady() < until) {
        co_await time.sleep_until(until);
        until = saturating_add(*moved, longest);
    }
}

} // namespace

awaitable<void> while_moving(awaitable<void> work, std::shared_ptr<const steady_time> moved,
                             std::chrono::milliseconds longest, clock& time) {
    const auto ex = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(ex, std::move(work), asio::deferred),
        asio::co_spawn(ex, watch(std::move(moved), longest, time), asio::deferred));
    const auto [order, failure, unwatched] =
        co_await std::move(both).async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (!failure)
        co_return;
    if (!unwatched)
        throw storage_error(infra::errc::timed_out, "nothing came within storage_options::timeout");
    std::rethrow_exception(failure);
}

} // namespace infra::storage
