#pragma once

/// From a plain thread into a coroutine and back.
///
///     auto id = infra::wait(queue::enqueue("report", {{"year", 2026}}));

#include <infra/base/awaitable.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <type_traits>
#include <utility>

namespace infra {

namespace detail {
/// Throws errc::invalid_state on a thread that runs a loop: it would wait for itself.
void refuse_to_wait_on_a_loop();
} // namespace detail

/// Runs `operation` on `ex` and blocks until it has ended; returns or throws what it does. Throws errc::invalid_state
/// when called on a loop of ours, where it would wait for itself for ever.
template <class T>
T wait(awaitable<T> operation, executor ex) {
    detail::refuse_to_wait_on_a_loop();
    if constexpr (std::is_void_v<T>)
        asio::co_spawn(std::move(ex), std::move(operation), asio::use_future).get();
    else
        return std::move(
            *asio::co_spawn(std::move(ex), detail::as_optional(std::move(operation)), asio::use_future).get());
}

/// The same on a loop of the default runtime.
template <class T>
T wait(awaitable<T> operation) {
    detail::refuse_to_wait_on_a_loop();
    return wait(std::move(operation), default_executor());
}

} // namespace infra
