#pragma once

/// A wait with an end.
///
///     auto reply = co_await infra::with_deadline(client.call(request), deadline::after(2s));

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/error.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace infra {

namespace detail {

/// Asio default-constructs a spawned coroutine's result when it throws; an optional spares T that demand.
template <class T>
awaitable<std::optional<T>> as_optional(awaitable<T> operation) {
    co_return std::optional<T>(co_await std::move(operation));
}

/// Puts what the operation gives where it is waited for: what waits need not be compiled anew for each T.
template <class T>
awaitable<void> keep(awaitable<T> operation, std::optional<T>& result) {
    result.emplace(co_await std::move(operation));
}

awaitable<void> end_by(awaitable<void> operation, deadline limit, clock& time);

} // namespace detail

/// What `operation` gives or throws, or errc::timed_out once `limit` has passed. An operation that fails fast is
/// reported fast; one whose result arrives together with the deadline is not thrown away.
///
/// `operation || timer` would not do: in Boost 1.81 that waits for the first *success*, so a failure at 20 ms against a
/// timer of 500 ms surfaces at 500 ms, as the timer. Here whichever ends first, ends it.
///
/// Cancel:   when the deadline passes the operation gets terminal cancellation, and this returns only after it has
///           ended: a deadline is as prompt as the operation's own support for cancellation. Cancelling this cancels
///           the operation, which hears terminal cancellation as every spawned coroutine does; one that does not hear
///           or heed it still has its deadline.
/// Lifetime: `time` must outlive the wait.
template <class T>
awaitable<T> with_deadline(awaitable<T> operation, deadline limit, clock& time = real_clock()) {
    if (limit.is_never())
        co_return co_await std::move(operation);
    if constexpr (std::is_void_v<T>) {
        co_await detail::end_by(std::move(operation), limit, time);
    } else {
        std::optional<T> result;
        co_await detail::end_by(detail::keep(std::move(operation), result), limit, time);
        co_return std::move(*result);
    }
}

} // namespace infra
