#pragma once

// From a verb to the writer and back: functions and waits as operations that a coroutine awaits.

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
    operation_of(const executor& ex, access needs, std::size_t payload_bytes, bool is_urgent, F f)
        : operation(ex, needs, payload_bytes, is_urgent), function_(std::move(f)) {}

    void perform(store& s) override {
        if constexpr (gives_nothing)
            function_(s);
        else
            result_.emplace(function_(s));
    }
    result take_result() {
        if constexpr (!gives_nothing)
            return std::move(*result_);
    }

private:
    F function_;
    std::optional<std::conditional_t<gives_nothing, std::monostate, result>> result_;
};

template <class F>
awaitable<std::invoke_result_t<F&, store&>> submit(std::shared_ptr<writer> to, access needed, std::size_t bytes,
                                                   bool urgent, F f) {
    const auto work =
        std::make_shared<operation_of<F>>(co_await asio::this_coro::executor, needed, bytes, urgent, std::move(f));
    to->post(work);
    co_await work->delivered();
    co_return work->take_result();
}

/// An operation that may wait, made of a request. Cancelled, it is asked for back, and it is learnt which of the two the
/// thread was told first.
template <class Operation>
awaitable<typename Operation::result> submit_waiting(std::shared_ptr<writer> to, typename Operation::request request) {
    const auto work = std::make_shared<Operation>(co_await asio::this_coro::executor, std::move(request));
    const auto ticket = to->post(work);
    try {
        co_await work->delivered();
        co_return work->take_result();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    to->withdraw(ticket);
    co_await work->delivered();
    co_return work->take_result();
}

} // namespace infra::queue::sqlite
