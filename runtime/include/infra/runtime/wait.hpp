#pragma once

/// From a plain thread into a coroutine and back.
///
///     auto id = infra::wait(queue::enqueue("report", {{"year", 2026}}));

#include <infra/base/awaitable.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/event_loop.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace infra {

namespace detail {
/// Throws errc::invalid_state on a thread that runs a loop: it would wait for itself.
void refuse_to_wait_on_a_loop();

void wait(awaitable<void> operation, executor ex);
} // namespace detail

/// Runs `operation` on `ex` and blocks until it has ended; returns or throws what it does. Throws errc::invalid_state
/// when called on a loop of ours, where it would wait for itself for ever.
template <class T>
T wait(awaitable<T> operation, executor ex) {
    if constexpr (std::is_void_v<T>) {
        detail::wait(std::move(operation), std::move(ex));
    } else {
        std::optional<T> result;
        detail::wait(detail::keep(std::move(operation), result), std::move(ex));
        return std::move(*result);
    }
}

/// The same on a loop of the default runtime.
template <class T>
T wait(awaitable<T> operation) {
    detail::refuse_to_wait_on_a_loop();
    return wait(std::move(operation), default_executor());
}

} // namespace infra
