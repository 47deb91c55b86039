#pragma once

/// A check and how it is run.

#include <infra/base/awaitable.hpp>
#include <infra/health/report.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace infra::health {

struct check_options {
    /// Past it the check has failed, whether it returns or not: a coroutine gets terminal cancellation, a plain function
    /// cannot be stopped and stays reported as stuck until it returns. More than zero. It may exceed the deadline of the
    /// report: the check then goes on behind a partial report.
    std::chrono::milliseconds timeout{5000};

    /// False: its failure makes the report degraded at worst.
    bool critical = true;

    /// An answer younger than this, good or bad, is given again instead of asking. 0: asked every time.
    std::chrono::milliseconds cache_for{0};

    /// More than 0: asked in the background, from now on and this often; reports give the last answer and its age. Should
    /// answers stay away for longer than this and `timeout` together, reports ask for themselves again.
    std::chrono::milliseconds every{0};

    /// Which reports it is in, beside the one of all checks. Put into "live" only what a restart would mend, and never another
    /// service: the fall of one would restart all. "start" is for what has to be done once before the first request.
    std::vector<std::string> groups{"ready"};

    /// Checks without which this one says nothing: while one of them is unhealthy, it is not asked but reported as skipped,
    /// and does not count. What is not registered is not waited for. A report takes along what its checks depend on.
    std::vector<std::string> depends_on{};

    /// Against flapping: how many answers in a row, all worse or all better than the status shown, it takes to change it. 1 to
    /// 1000. The first answer of all is shown as it is.
    int worse_after = 1;
    int better_after = 1;
};

namespace detail {

// A coroutine lambda reads its captures from the closure, which therefore has to live until the coroutine has ended.
template <class F>
awaitable<check_result> call_coroutine(std::shared_ptr<F> function) {
    if constexpr (std::is_void_v<typename infra::detail::awaited<std::invoke_result_t<F&>>::type>) {
        co_await (*function)();
        co_return check_result{};
    } else {
        co_return co_await (*function)();
    }
}

template <class F>
check_result call_plain(F& function) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        function();
        return {};
    } else {
        return function();
    }
}

} // namespace detail

/// A check: a plain function, which may block and runs on a thread, or a coroutine, which must not and runs on a loop.
/// It returns check_result, or nothing: done is healthy. Whatever it throws, of any type, is unhealthy, with what() as
/// the message.
///
/// Threads:  called from one thread at a time.
/// Errors:   std::invalid_argument for a null pointer or an empty std::function.
/// Lifetime: it is destroyed after its last call has returned, which may be long after its removal or never: it owns
///           what it uses.
class checker {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, checker>)
    checker(F function) {
        static_assert(std::is_invocable_v<F&>, "infra::health: a check takes no arguments");
        using awaited = infra::detail::awaited<std::invoke_result_t<F&>>;
        static_assert(std::convertible_to<typename awaited::type, check_result> ||
                          std::is_void_v<typename awaited::type>,
                      "infra::health: a check returns check_result or void, plain or awaitable");
        if constexpr (requires { function == nullptr; })
            if (function == nullptr)
                throw std::invalid_argument("health: a check must not be null");
        auto kept = std::make_shared<F>(std::move(function));
        if constexpr (awaited::is_awaitable)
            coroutine_ = [kept] { return detail::call_coroutine(kept); };
        else
            plain_ = [kept] { return detail::call_plain(*kept); };
    }

    bool is_coroutine() const noexcept { return coroutine_ != nullptr; }

    check_result call() const { return plain_(); }                 ///< of a plain function
    awaitable<check_result> start() const { return coroutine_(); } ///< of a coroutine

private:
    std::function<check_result()> plain_;
    std::function<awaitable<check_result>()> coroutine_;
};

} // namespace infra::health
