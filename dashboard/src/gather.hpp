#pragma once

// Several questions at once, each with the same patience.

#include <infra/base/with_deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// One answer: a value, or why there is none.
template <class T>
struct reply {
    std::optional<T> value{};
    std::exception_ptr failure{};
};

/// Asks all at once on the caller's executor, one loop, and returns when all have answered, at the latest after `patience` (and what it
/// takes an operation to hear its cancellation). Cancelled, it leaves at once, and what was asked ends by its own deadline.
template <class T>
awaitable<std::vector<reply<T>>> gather(std::vector<std::function<awaitable<T>()>> questions,
                                        std::chrono::milliseconds patience, clock& time) {
    struct state {
        explicit state(executor ex) : all_there(std::move(ex), steady_time::max()) {}
        std::vector<std::function<awaitable<T>()>> questions; // a coroutine's lambda lives as long as it runs
        std::vector<reply<T>> answers;
        std::size_t open = 0;
        asio::steady_timer all_there;
    };
    const auto ex = co_await asio::this_coro::executor;
    const auto shared = std::make_shared<state>(ex);
    shared->questions = std::move(questions);
    shared->open = shared->questions.size();
    shared->answers.resize(shared->open);
    const auto limit = deadline::after(patience, time.steady());
    for (std::size_t i = 0; i < shared->questions.size(); ++i)
        asio::co_spawn(ex, detail::as_optional(with_deadline(shared->questions[i](), limit, time)),
                       [shared, i](std::exception_ptr failure, std::optional<T> value) {
                           shared->answers[i] = {std::move(value), std::move(failure)};
                           if (--shared->open == 0)
                               shared->all_there.cancel();
                       });
    boost::system::error_code ec;
    if (shared->open > 0)
        co_await shared->all_there.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (shared->open > 0)
        throw boost::system::system_error(ec);
    co_return std::move(shared->answers);
}

} // namespace infra::dashboard
