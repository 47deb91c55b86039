#pragma once

/// A wait with an end.
///
///     auto reply = co_await infra::with_deadline(client.call(request), deadline::after(2s));

#include <infra/base/clock.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <optional>
#include <utility>

namespace infra {

namespace detail {

/// Asio default-constructs a spawned coroutine's result when it throws; an optional spares T that demand.
template <class T>
awaitable<std::optional<T>> as_optional(awaitable<T> operation) {
    co_return std::optional<T>(co_await std::move(operation));
}

/// Throws what the operation threw, or errc::timed_out if the clock made it throw.
void throw_failure(const std::array<std::size_t, 2>& order, const std::exception_ptr& operation,
                   const std::exception_ptr& clock);

} // namespace detail

/// What `operation` gives or throws, or errc::timed_out once `limit` has passed. An operation that fails fast is
/// reported fast; one whose result arrives together with the deadline is not thrown away.
///
/// `operation || timer` would not do: in Boost 1.81 that waits for the first *success*, so a failure at 20 ms against a
/// timer of 500 ms surfaces at 500 ms, as the timer. Here whichever ends first, ends it.
///
/// Cancel:   when the deadline passes the operation gets terminal cancellation, and this returns only after it has
///           ended: a deadline is as prompt as the operation's own support for cancellation. Cancelling this cancels
///           the operation.
/// Lifetime: `time` must outlive the wait.
template <class T>
awaitable<T> with_deadline(awaitable<T> operation, deadline limit, clock& time = real_clock()) {
    if (limit.is_never())
        co_return co_await std::move(operation);
    const auto ex = co_await asio::this_coro::executor;
    if constexpr (std::is_void_v<T>) {
        auto outcome = co_await asio::experimental::make_parallel_group(
                           asio::co_spawn(ex, std::move(operation), asio::deferred),
                           asio::co_spawn(ex, time.sleep_until(limit.time()), asio::deferred))
                           .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
        auto& [order, failure, clock_failure] = outcome;
        detail::throw_failure(order, failure, clock_failure);
    } else {
        auto outcome = co_await asio::experimental::make_parallel_group(
                           asio::co_spawn(ex, detail::as_optional(std::move(operation)), asio::deferred),
                           asio::co_spawn(ex, time.sleep_until(limit.time()), asio::deferred))
                           .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
        auto& [order, failure, value, clock_failure] = outcome;
        detail::throw_failure(order, failure, clock_failure);
        co_return std::move(*value);
    }
}

} // namespace infra
