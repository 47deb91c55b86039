#pragma once

/// A wait with an end.
///
///     auto reply = co_await infra::with_deadline(client.call(request), deadline::after(2s));

#include <infra/base/clock.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>

namespace infra {

namespace detail {

/// Asio default-constructs a spawned coroutine's result when it throws; an optional spares T that demand.
template <class T>
awaitable<std::optional<T>> as_optional(awaitable<T> operation) {
    co_return std::optional<T>(co_await std::move(operation));
}

/// What the operation and its clock know of each other.
struct time_limit {
    asio::cancellation_signal cancel; ///< the operation hears it; its caller and the clock speak to it
    bool ended = false;
    bool ran_out = false;
};

/// Sleeps, then cancels what has not ended.
awaitable<void> run_out_at(clock& time, steady_time when, time_limit& limit);

/// What cancels `from` cancels `to`, until Asio resumes whoever waits on `from`.
void pass_on(asio::cancellation_slot from, asio::cancellation_signal& to);

/// Throws what the operation threw, if anything, or errc::timed_out if the clock made it throw.
void throw_failure(const time_limit& limit, const std::exception_ptr& operation);

/// Waits for the operation and the clock, of which the first to end ends the other. `Result` is what the operation's
/// handler is called with.
///
/// A group passes on one cancellation, its caller's or its own, and no second: cancelled from outside, with a type that
/// the operation does not hear or at a moment when it does not heed it, it would have stopped the clock, and no deadline
/// would be left. So the operation hears `limit.cancel` alone, and the clock hears only that the operation has ended.
template <class... Result, class Spawned>
auto race(executor ex, Spawned operation, awaitable<void> clock, time_limit& limit) {
    auto spawn = [](auto handler, executor on, Spawned spawned, time_limit* under) {
        auto end = [under, to = std::move(handler)](Result... result) mutable {
            under->ended = true;
            std::move(to)(std::move(result)...);
        };
        asio::co_spawn(on, std::move(spawned), asio::bind_cancellation_slot(under->cancel.slot(), std::move(end)));
    };
    auto start = [&limit](auto handler, auto both) {
        pass_on(asio::get_associated_cancellation_slot(handler), limit.cancel);
        std::move(both).async_wait(asio::experimental::wait_for_one(),
                                   asio::bind_cancellation_slot(asio::cancellation_slot(), std::move(handler)));
    };
    auto both = asio::experimental::make_parallel_group(asio::async_initiate<const asio::deferred_t&, void(Result...)>(
                                                            spawn, asio::deferred, ex, std::move(operation), &limit),
                                                        asio::co_spawn(ex, std::move(clock), asio::deferred));
    return asio::async_initiate<const asio::use_awaitable_t<>&,
                                void(std::array<std::size_t, 2>, Result..., std::exception_ptr)>(
        start, asio::use_awaitable, std::move(both));
}

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
    const auto ex = co_await asio::this_coro::executor;
    detail::time_limit shared;
    auto clock = detail::run_out_at(time, limit.time(), shared);
    if constexpr (std::is_void_v<T>) {
        auto outcome = co_await detail::race<std::exception_ptr>(ex, std::move(operation), std::move(clock), shared);
        detail::throw_failure(shared, std::get<1>(outcome));
    } else {
        auto outcome = co_await detail::race<std::exception_ptr, std::optional<T>>(
            ex, detail::as_optional(std::move(operation)), std::move(clock), shared);
        detail::throw_failure(shared, std::get<1>(outcome));
        co_return std::move(*std::get<2>(outcome));
    }
}

} // namespace infra
