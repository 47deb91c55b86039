#pragma once

/// One result that crosses from any thread to one waiting coroutine.
///
///     infra::promise<int> answer(co_await asio::this_coro::executor);
///     std::thread([answer]() mutable { answer.set_value(compute()); }).detach();
///     int n = co_await answer.get();

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace infra {

/// Threads:  set_… from any thread, once in all (a later call has no effect); get() once, on the executor given.
/// Errors:   get() throws what set_exception() was given.
/// Cancel:   get() throws operation_aborted and the result, when it comes, is dropped; all cancellation types.
/// Lifetime: copies share the result, and the executor's loop outlives them all. If the last copy that could set it is
///           dropped, get() waits for cancellation or its deadline: whoever holds a promise keeps it.
template <class T>
class promise {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    explicit promise(executor ex) : state_(std::make_shared<state>(std::move(ex))) {}

    awaitable<T> get() const {
        const auto held = state_;
        if (!held->done) {
            boost::system::error_code ec;
            co_await held->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if (!held->done)
                throw boost::system::system_error(ec);
        }
        if (held->failure)
            std::rethrow_exception(held->failure);
        if constexpr (!std::is_void_v<T>)
            co_return std::move(*held->value);
    }

    void set_value(stored value = {}) const {
        deliver([value = std::move(value)](state& s) mutable { s.value.emplace(std::move(value)); });
    }

    void set_exception(std::exception_ptr failure) const {
        deliver([failure = std::move(failure)](state& s) mutable { s.failure = std::move(failure); });
    }

private:
    // Everything is touched on the executor only.
    struct state {
        explicit state(executor ex) : arrived(std::move(ex), std::chrono::steady_clock::time_point::max()) {}
        asio::steady_timer arrived;
        std::optional<stored> value;
        std::exception_ptr failure;
        bool done = false;
    };

    template <class Store>
    void deliver(Store store) const {
        asio::post(state_->arrived.get_executor(), [held = state_, store = std::move(store)]() mutable {
            if (std::exchange(held->done, true))
                return;
            store(*held);
            held->arrived.cancel();
        });
    }

    std::shared_ptr<state> state_;
};

} // namespace infra
