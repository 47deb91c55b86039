#pragma once

// "Something happened", between coroutines of one executor.

#include <infra/base/with_deadline.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::queue {

/// One waits, others set. Set before the wait, it is not lost; set twice, it is once.
class signal {
public:
    explicit signal(const executor& ex) : timer_(ex, std::chrono::steady_clock::time_point::max()) {}

    void set() {
        set_ = true;
        timer_.cancel();
    }

    /// Cancel: throws operation_aborted; all types.
    awaitable<void> wait() {
        if (!set_) {
            boost::system::error_code ec;
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if (!set_)
                throw boost::system::system_error(ec);
        }
        set_ = false;
    }

private:
    asio::steady_timer timer_;
    bool set_ = false;
};

/// Until the signal is set or the time has come; the caller looks which.
inline awaitable<void> wait_for(signal& set, deadline limit, clock& time) {
    try {
        co_await with_deadline(set.wait(), limit, time);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
}

} // namespace infra::queue
