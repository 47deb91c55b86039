#include <infra/base/with_deadline.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

namespace infra::detail {
namespace {

// Almost every operation ends before its time, and what a sleep throws then costs more than all the rest here.
awaitable<void> sleep_or_wake(clock& time, steady_time when) {
    if (&time != &real_clock())
        co_return co_await time.sleep_until(when);
    boost::system::error_code woken;
    asio::steady_timer timer(co_await asio::this_coro::executor, when);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

} // namespace

awaitable<void> run_out_at(clock& time, steady_time when, time_limit& limit) {
    co_await sleep_or_wake(time, when);
    if (limit.ended)
        co_return;
    limit.ran_out = true;
    limit.cancel.emit(asio::cancellation_type::terminal);
}

void pass_on(asio::cancellation_slot from, asio::cancellation_signal& to) {
    if (from.is_connected())
        from.assign([&to](asio::cancellation_type type) { to.emit(type); });
}

void throw_failure(const time_limit& limit, const std::exception_ptr& operation) {
    if (!operation)
        return;
    if (limit.ran_out)
        throw error(errc::timed_out, "the deadline passed before the operation ended");
    std::rethrow_exception(operation);
}

} // namespace infra::detail
