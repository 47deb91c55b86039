#include "at_once.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <vector>

namespace infra::storage {

awaitable<void> at_once(std::size_t times, std::function<awaitable<void>()> work) {
    const auto ex = co_await asio::this_coro::executor;
    const auto spawned = [&] { return asio::co_spawn(ex, work(), asio::deferred); };
    std::vector<decltype(spawned())> all;
    for (std::size_t i = 0; i < times; ++i)
        all.push_back(spawned());
    const auto [order, failures] = co_await asio::experimental::make_parallel_group(std::move(all))
                                       .async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    for (const auto which : order)
        if (failures[which])
            std::rethrow_exception(failures[which]);
}

} // namespace infra::storage
