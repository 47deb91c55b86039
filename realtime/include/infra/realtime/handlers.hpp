#pragma once

/// Functions that answer clients: plain or coroutine. A plain one costs a call; while a coroutine is busy, its client's next messages wait,
/// and nobody else's.
///
///     hub.on_message("typing", [](realtime::client_id from, realtime::message m) { … });
///     hub.on_request("seats", [](realtime::client_id, realtime::message m) -> awaitable<json::value> { co_return co_await seats_of(m.data); });

#include <infra/base/awaitable.hpp>
#include <infra/realtime/error.hpp>
#include <infra/realtime/message.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace infra::realtime {

namespace detail {

/// Any function of `Arguments` that gives `Result` (or something made into one) or an awaitable of it. Copies share the function.
template <class Result, class... Arguments>
class any_function {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, any_function> && std::is_invocable_v<F&, Arguments...>)
    any_function(F function) {
        auto kept = std::make_shared<F>(std::move(function));
        if constexpr (infra::detail::awaited<std::invoke_result_t<F&, Arguments...>>::is_awaitable)
            coroutine_ = [kept](Arguments... with) { return run(kept, std::move(with)...); };
        else
            plain_ = [kept](Arguments... with) -> Result { return (*kept)(std::move(with)...); };
    }
    bool is_plain() const noexcept { return bool(plain_); }
    Result now(Arguments... with) const { return plain_(std::move(with)...); } ///< only if is_plain()
    awaitable<Result> later(Arguments... with) const { return coroutine_(std::move(with)...); }

private:
    template <class F>
    static awaitable<Result> run(std::shared_ptr<F> function, Arguments... with) {
        co_return co_await (*function)(std::move(with)...);
    }
    std::function<Result(Arguments...)> plain_;
    std::function<awaitable<Result>(Arguments...)> coroutine_;
};

} // namespace detail

using message_handler = detail::any_function<void, client_id, message>;
using request_handler = detail::any_function<json::value, client_id, message>;
/// With close_code::normal for one that has come.
using client_handler = detail::any_function<void, client_id, close_code>;

} // namespace infra::realtime
