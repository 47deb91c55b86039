#include <infra/base/with_deadline.hpp>

namespace infra::detail {

awaitable<void> run_out_at(clock& time, steady_time when, time_limit& limit) {
    co_await time.sleep_until(when);
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
