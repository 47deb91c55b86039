#pragma once

/// One result that crosses from any thread to one waiting coroutine.
///
///     infra::promise<int> answer(co_await asio::this_coro::executor);
///     std::thread([answer]() mutable { answer.set_value(compute()); }).detach();
///     int n = co_await answer.get();

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace infra {

/// Threads:  set_… from any thread, once in all (a later call has no effect); get() on the executor given, once,
///           or again after it was cancelled.
/// Errors:   get() throws what set_exception() was given.
/// Cancel:   get() throws operation_aborted and the result, when it comes, is dropped; all cancellation types.
/// Lifetime: copies share the result and may outlive the executor's loop: a result for which nobody waits any more goes
///           nowhere. If the last copy that could set it is dropped, get() waits for cancellation or its deadline:
///           whoever holds a promise keeps it.
template <class T>
class promise {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    explicit promise(const executor& ex) : state_(std::make_shared<state>(loop_gate::of(ex))) {}

    awaitable<T> get() const {
        const auto held = state_;
        {
            waiter me(held, co_await asio::this_coro::executor);
            boost::system::error_code ec;
            if (me.sleeps)
                co_await me.arrived.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if (!me.leave())
                throw boost::system::system_error(ec);
        }
        if (held->failure)
            std::rethrow_exception(held->failure);
        if constexpr (!std::is_void_v<T>)
            co_return std::move(*held->value);
    }

    void set_value(stored value = {}) const {
        deliver([&value](state& s) { s.value.emplace(std::move(value)); });
    }

    void set_exception(std::exception_ptr failure) const {
        deliver([&failure](state& s) { s.failure = std::move(failure); });
    }

private:
    struct state {
        explicit state(std::shared_ptr<loop_gate> of) : gate(std::move(of)) {}
        const std::shared_ptr<loop_gate> gate;
        std::mutex mutex;
        asio::steady_timer* sleeping = nullptr; // guarded by mutex; touched on its executor only
        bool done = false;                      // guarded by mutex
        std::optional<stored> value;            // written before, read after done
        std::exception_ptr failure;             // likewise
    };

    // Lives in the frame of get(), and so dies with the loop if not before: the shared state never refers to the loop.
    struct waiter {
        waiter(std::shared_ptr<state> s, const executor& ex) : of(std::move(s)), arrived(ex, steady_end) {
            const std::scoped_lock lock(of->mutex);
            sleeps = !of->done;
            of->sleeping = sleeps ? &arrived : nullptr;
        }
        ~waiter() { leave(); }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;

        /// True if the result is there.
        bool leave() {
            const std::scoped_lock lock(of->mutex);
            of->sleeping = nullptr;
            return of->done;
        }

        static constexpr auto steady_end = std::chrono::steady_clock::time_point::max();
        const std::shared_ptr<state> of;
        asio::steady_timer arrived;
        bool sleeps = false;
    };

    template <class Store>
    void deliver(Store store) const {
        const std::scoped_lock lock(state_->mutex);
        if (state_->done)
            return;
        store(*state_);
        state_->done = true;
        if (state_->sleeping)
            state_->gate->pass(
                [this] { asio::post(state_->sleeping->get_executor(), [held = state_] { wake(*held); }); });
    }

    static void wake(state& s) {
        const std::scoped_lock lock(s.mutex);
        if (s.sleeping)
            s.sleeping->cancel();
    }

    std::shared_ptr<state> state_;
};

} // namespace infra
