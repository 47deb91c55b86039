#pragma once

/// How long a loop had to wait for something. It counts the loop's own moments, so that a machine that is busy, or stands still
/// for a second, makes nothing take longer. Nor does what blocks the loop: of that it sees nothing.
///
///     const infra::testing::stopwatch watch(loop.get_executor());
///     loop.until([&] { return server_answers(); });
///     EXPECT_LT(watch.elapsed(), 2s);

#include <infra/base/awaitable.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace infra::testing {

/// Threads:  the loop's.
/// Lifetime: not beyond its loop. As long as it lives something moves there: test_loop::settle() finds no end.
class stopwatch {
public:
    static constexpr std::chrono::milliseconds moment{10};

    explicit stopwatch(const executor& on) : counted_(std::make_shared<counter>(on)) { wait(counted_); }
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;

    std::chrono::milliseconds elapsed() const noexcept { return counted_->moments * moment; }

private:
    struct counter {
        explicit counter(const executor& on) : timer(on) {}
        asio::steady_timer timer;
        int moments = 0;
    };

    // A moment begins where the one before has been seen to end, however late that was.
    static void wait(const std::shared_ptr<counter>& counts) {
        counts->timer.expires_after(moment);
        counts->timer.async_wait([weak = std::weak_ptr(counts)](const boost::system::error_code& cancelled) {
            const auto still = weak.lock();
            if (cancelled || !still)
                return;
            ++still->moments;
            wait(still);
        });
    }

    const std::shared_ptr<counter> counted_;
};

} // namespace infra::testing
