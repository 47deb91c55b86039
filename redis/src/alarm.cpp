#include "alarm.hpp"

#include <infra/base/context.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace infra::redis::detail {

// Lives as long as its coroutine, which may outlive the alarm.
struct alarm::sleep {
    explicit sleep(alarm* a) : of(a) {}
    alarm* of; // null once it is not to ring any more
    asio::cancellation_signal end;
};

alarm::alarm(executor ex, clock& time, std::function<void()> ring)
    : executor_(std::move(ex)), time_(time), ring_(std::move(ring)) {}

void alarm::set(steady_time when) {
    clear();
    if (when == steady_time::max())
        return;
    sleeping_ = std::make_shared<sleep>(this);
    when_ = when;
    const auto wake = [s = sleeping_](std::exception_ptr) {
        auto* const of = s->of;
        if (!of)
            return;
        of->sleeping_ = nullptr;
        of->when_ = steady_time::max();
        const auto ring = of->ring_; // which may be the end of `of`
        ring();
    };
    const context_scope nobodys{context()};
    try {
        asio::co_spawn(executor_, time_.sleep_until(when), asio::bind_cancellation_slot(sleeping_->end.slot(), wake));
    } catch (...) { // no memory: it does not ring, and says so
        clear();
        throw;
    }
}

void alarm::clear() noexcept {
    when_ = steady_time::max();
    if (const auto s = std::exchange(sleeping_, nullptr)) {
        s->of = nullptr;
        s->end.emit(asio::cancellation_type::terminal);
    }
}

} // namespace infra::redis::detail
