#pragma once

#include "../core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/error.hpp>

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

} // namespace infra::storage
