#include <infra/base/with_deadline.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <tuple>

namespace infra::detail {
namespace {

// What the operation and its clock know of each other.
struct time_limit {
    asio::cancellation_signal cancel; // the operation hears it; its caller and the clock speak to it
    bool ended = false;
    bool ran_out = false;
};

// Almost every operation ends before its time, and what a sleep throws then costs more than all the rest here.
awaitable<void> sleep_or_wake(clock& time, steady_time when) {
    if (&time != &real_clock())
        co_return co_await time.sleep_until(when);
    boost::system::error_code woken;
    asio::steady_timer timer(co_await asio::this_coro::executor, when);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

// Sleeps, then cancels what has not ended.
awaitable<void> run_out_at(clock& time, steady_time when, time_limit& limit) {
    co_await sleep_or_wake(time, when);
    if (limit.ended)
        co_return;
    limit.ran_out = true;
    limit.cancel.emit(asio::cancellation_type::terminal);
}

// What cancels `from` cancels `to`, until Asio resumes whoever waits on `from`.
void pass_on(asio::cancellation_slot from, asio::cancellation_signal& to) {
    if (from.is_connected())
        from.assign([&to](asio::cancellation_type type) { to.emit(type); });
}

// Throws what the operation threw, if anything, or errc::timed_out if the clock made it throw.
void throw_failure(const time_limit& limit, const std::exception_ptr& operation) {
    if (!operation)
        return;
    if (limit.ran_out)
        throw error(errc::timed_out, "the deadline passed before the operation ended");
    std::rethrow_exception(operation);
}

// Waits for the operation and the clock, of which the first to end ends the other.
//
// A group passes on one cancellation, its caller's or its own, and no second: cancelled from outside, with a type that
// the operation does not hear or at a moment when it does not heed it, it would have stopped the clock, and no deadline
// would be left. So the operation hears `limit.cancel` alone, and the clock hears only that the operation has ended.
auto race(executor ex, awaitable<void> operation, awaitable<void> clock, time_limit& limit) {
    auto spawn = [](auto handler, executor on, awaitable<void> spawned, time_limit* under) {
        auto end = [under, to = std::move(handler)](std::exception_ptr failure) mutable {
            under->ended = true;
            std::move(to)(std::move(failure));
        };
        asio::co_spawn(on, std::move(spawned), asio::bind_cancellation_slot(under->cancel.slot(), std::move(end)));
    };
    auto start = [&limit](auto handler, auto both) {
        pass_on(asio::get_associated_cancellation_slot(handler), limit.cancel);
        std::move(both).async_wait(asio::experimental::wait_for_one(),
                                   asio::bind_cancellation_slot(asio::cancellation_slot(), std::move(handler)));
    };
    auto both =
        asio::experimental::make_parallel_group(asio::async_initiate<const asio::deferred_t&, void(std::exception_ptr)>(
                                                    spawn, asio::deferred, ex, std::move(operation), &limit),
                                                asio::co_spawn(ex, std::move(clock), asio::deferred));
    return asio::async_initiate<const asio::use_awaitable_t<>&,
                                void(std::array<std::size_t, 2>, std::exception_ptr, std::exception_ptr)>(
        start, asio::use_awaitable, std::move(both));
}

} // namespace

awaitable<void> end_by(awaitable<void> operation, deadline limit, clock& time) {
    time_limit shared;
    auto outcome = co_await race(co_await asio::this_coro::executor, std::move(operation),
                                 run_out_at(time, limit.time(), shared), shared);
    throw_failure(shared, std::get<1>(outcome));
}

} // namespace infra::detail
