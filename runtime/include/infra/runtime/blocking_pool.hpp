#pragma once

/// Threads for work that blocks or burns CPU, so that no loop has to.
///
///     infra::blocking_pool pool({.threads = 4});
///     auto text = co_await pool.run([path] { return read_file(path); });

#include <infra/base/context.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>

namespace infra {

struct blocking_pool_options {
    /// Threads, 1 to 1024; 0 means one a core, at least 4. More help when the work waits, not when it computes.
    std::size_t threads = 0;
    /// Calls that may wait for a thread; one more is refused with errc::overloaded.
    std::size_t max_queued = 10'000;
    /// The label `pool` of its metrics (metrics.hpp).
    std::string name = "pool";
};

/// Threads:  run() from any loop; stop() from any thread but the pool's own.
/// Errors:   run() throws what the function throws; errc::overloaded when max_queued wait already or not even one thread
///           can be started; errc::closed after stop(). std::invalid_argument names a bad option.
/// Cancel:   a cancelled call returns at once. If its function had not begun it never will; if it had, it runs to its
///           end unheard, so it must own what it uses.
/// Lifetime: the threads start with the first call. Destruction waits for functions that run; those queued are
///           dropped and their callers get errc::closed.
class blocking_pool {
public:
    explicit blocking_pool(blocking_pool_options options = {});
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// What `f()` returns, computed on a thread of the pool under the caller's context.
    template <class F>
    awaitable<std::invoke_result_t<F>> run(F f) {
        using result = std::invoke_result_t<F>;
        const promise<result> outcome(co_await asio::this_coro::executor);
        const auto work = std::make_shared<call_of<F, result>>(std::move(f), outcome);
        submit(work);
        const abandonment when_leaving{work};
        co_return co_await outcome.get();
    }

    /// Returns once no function runs and none waits for a thread, whoever called it and though he may have left.
    awaitable<void> rest();

    /// Takes no more calls, drops those queued (their callers get errc::closed) and joins the threads once the running
    /// functions have returned. The second call does nothing.
    void stop() noexcept;

    std::size_t threads() const noexcept;
    std::size_t queued() const noexcept;

private:
    struct call {
        virtual ~call() = default;
        virtual void perform() noexcept = 0;
        virtual void refuse(std::exception_ptr why) noexcept = 0;
        infra::context under = context::current();
        std::chrono::steady_clock::time_point submitted = std::chrono::steady_clock::now();
        std::atomic<bool> abandoned{false}; // set by a caller that no longer waits
    };

    template <class F, class R>
    struct call_of final : call {
        call_of(F f, promise<R> p) : function(std::move(f)), outcome(std::move(p)) {}
        void perform() noexcept override {
            try {
                if constexpr (std::is_void_v<R>) {
                    function();
                    outcome.set_value();
                } else {
                    outcome.set_value(function());
                }
            } catch (...) {
                outcome.set_exception(std::current_exception());
            }
        }
        void refuse(std::exception_ptr why) noexcept override { outcome.set_exception(std::move(why)); }

        F function;
        promise<R> outcome;
    };

    struct abandonment {
        std::shared_ptr<call> of;
        ~abandonment() { of->abandoned = true; }
    };

    void submit(std::shared_ptr<call> work);

    struct state;
    std::unique_ptr<state> state_;
};

} // namespace infra
