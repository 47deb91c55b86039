#pragma once

/// The two words every other header begins with.
///
///     infra::awaitable<int> answer() { co_return 42; }

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace infra {

namespace asio = boost::asio;

/// What every operation of this library returns. Lazy: nothing happens until it is awaited or spawned, so a coroutine
/// takes its parameters by value.
template <class T>
using awaitable = asio::awaitable<T>;

/// Where a coroutine runs.
using executor = asio::any_io_executor;

namespace detail {

// What is left of a function's result once it has been awaited: a plain one and a coroutine may stand in the same place.
template <class T>
struct awaited {
    using type = T;
    static constexpr bool is_awaitable = false;
};
template <class T>
struct awaited<awaitable<T>> {
    using type = T;
    static constexpr bool is_awaitable = true;
};

} // namespace detail

} // namespace infra
