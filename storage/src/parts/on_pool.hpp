#pragma once

#include "../core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <type_traits>
#include <utility>

namespace infra::storage {

/// What `f()` returns, computed on the pool; what it throws, as a storage_error. It owns what it uses: it may still run when the
/// caller has been cancelled.
template <class F>
awaitable<std::invoke_result_t<F>> on_pool(core_ptr core, F f) {
    try {
        co_return co_await core->pool().run(std::move(f));
    } catch (const storage_error&) {
        throw;
    } catch (const error& e) {
        throw storage_error(e.code(), e.what());
    }
}

/// The same, and a caller who is cancelled hears of it only once `f()` has ended: for what would be seen if it were left to itself.
template <class F>
awaitable<std::invoke_result_t<F>> on_pool_to_the_end(core_ptr core, F f) {
    co_return co_await asio::co_spawn(co_await asio::this_coro::executor, on_pool(std::move(core), std::move(f)),
                                      asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

} // namespace infra::storage
