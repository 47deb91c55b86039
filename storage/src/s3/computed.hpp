#pragma once

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/storage/error.hpp>

#include <boost/asio/error.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace infra::storage::s3 {

/// What `f()` makes of so many bytes: here, or on a thread that may take its time, for many take the loop's from others. It owns what it
/// uses. What the pool throws is a storage_error.
template <class F>
awaitable<std::invoke_result_t<F>> computed(std::size_t size, F f) {
    constexpr std::size_t most_on_loop = 64 * 1024;
    if (size <= most_on_loop)
        co_return f();
    try {
        co_return co_await default_blocking_pool().run(std::move(f));
    } catch (const storage_error&) {
        throw;
    } catch (const error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        throw storage_error(e.code(), e.what());
    }
}

} // namespace infra::storage::s3
