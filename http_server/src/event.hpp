#pragma once

#include <infra/runtime/promise.hpp>

#include <boost/asio/this_coro.hpp>

#include <mutex>
#include <vector>

namespace infra::http::detail {

/// Something that happens once, and that coroutines of any executor may wait for.
class event {
public:
    void set() {
        std::vector<promise<void>> waiting;
        {
            const std::scoped_lock lock(mutex_);
            happened_ = true;
            waiting.swap(waiting_);
        }
        for (const auto& each : waiting)
            each.set_value();
    }

    awaitable<void> wait() {
        const promise<void> turn(co_await asio::this_coro::executor);
        {
            const std::scoped_lock lock(mutex_);
            if (happened_)
                co_return;
            waiting_.push_back(turn);
        }
        co_await turn.get();
    }

private:
    std::mutex mutex_;
    bool happened_ = false;              // guarded by mutex_
    std::vector<promise<void>> waiting_; // guarded by mutex_
};

} // namespace infra::http::detail
