#pragma once

// What get_or_set loads from in tests.

#include "support.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::cache::tests {

/// Counts its loads, and lets them wait. A load gives what `next` was when it began.
struct source {
    int started = 0;
    int cancelled = 0;
    bool held = false;
    bool fails = false;
    bool heeds_cancellation = true;
    int next = 1;
    std::vector<std::shared_ptr<asio::steady_timer>> waiting{};

    auto loader() {
        return [this] { return load(this); };
    }

    void let_go() {
        held = false;
        for (const auto& each : std::exchange(waiting, {}))
            each->cancel();
    }

    /// Before the loop goes on which they wait.
    void forget_waiting() {
        held = false;
        waiting.clear();
    }

private:
    static awaitable<int> load(source* from) {
        ++from->started;
        const int value = from->next;
        if (from->held)
            co_await hold(from);
        if (from->fails)
            throw std::runtime_error("the database is down");
        co_return value;
    }

    static awaitable<void> hold(source* from) {
        auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, steady_time::max());
        from->waiting.push_back(timer);
        boost::system::error_code ec;
        if (from->heeds_cancellation)
            co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        else
            co_await timer->async_wait(
                asio::bind_cancellation_slot(asio::cancellation_slot(), asio::redirect_error(asio::use_awaitable, ec)));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (from->heeds_cancellation && state.cancelled() != asio::cancellation_type::none) {
            ++from->cancelled;
            throw boost::system::system_error(asio::error::operation_aborted);
        }
    }
};

} // namespace infra::cache::tests
