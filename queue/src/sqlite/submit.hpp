#pragma once

// From a verb to the writer and back: functions and waits as operations whose result goes to a promise.

#include "writer.hpp"

#include <infra/base/awaitable.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace infra::queue::sqlite {

/// Whether the writer may refuse it for want of room.
inline constexpr bool refusable = false;
inline constexpr bool always = true; ///< what a worker cannot do without

/// A function as an operation.
template <class F>
class operation_of final : public operation {
    using result = std::invoke_result_t<F&, store&>;
    static constexpr bool gives_nothing = std::is_void_v<result>;

public:
    operation_of(access needs, std::size_t payload_bytes, bool is_urgent, F f, promise<result> p)
        : operation(needs, payload_bytes, is_urgent), function_(std::move(f)), outcome_(std::move(p)) {}

    void perform(store& s) override {
        if constexpr (gives_nothing)
            function_(s);
        else
            result_.emplace(function_(s));
    }
    void succeed() noexcept override {
        if constexpr (gives_nothing)
            outcome_.set_value();
        else
            outcome_.set_value(std::move(*result_));
    }
    void fail(std::exception_ptr why) noexcept override { outcome_.set_exception(std::move(why)); }

private:
    F function_;
    promise<result> outcome_;
    std::optional<std::conditional_t<gives_nothing, std::monostate, result>> result_;
};

template <class F>
awaitable<std::invoke_result_t<F&, store&>> submit(std::shared_ptr<writer> to, access needed, std::size_t bytes,
                                                   bool urgent, F f) {
    const promise<std::invoke_result_t<F&, store&>> outcome(co_await asio::this_coro::executor);
    to->post(std::make_unique<operation_of<F>>(needed, bytes, urgent, std::move(f), outcome));
    co_return co_await outcome.get();
}

/// An operation that may wait, made of a request. Cancelled, it is asked for back, and it is learnt which of the two the
/// thread was told first.
template <class Operation>
awaitable<typename Operation::result> submit_waiting(std::shared_ptr<writer> to, typename Operation::request request) {
    const promise<typename Operation::result> outcome(co_await asio::this_coro::executor);
    const auto ticket = to->post(std::make_unique<Operation>(std::move(request), outcome));
    try {
        co_return co_await outcome.get();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    to->withdraw(ticket);
    co_return co_await outcome.get();
}

} // namespace infra::queue::sqlite
