#pragma once

/// How work crosses from any thread to one loop: many senders, one receiver, one wake-up a batch.
///
///     infra::mailbox<message> box(loop.get_executor(), {.max_items = 10'000});
///     if (!box.post(m)) count_as_dropped();                 // any thread
///     while (true) for (auto& m : co_await box.receive()) handle(m);   // on the loop

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace infra {

struct mailbox_options {
    /// Items that may lie unread; post() refuses the next. At least 1.
    std::size_t max_items = 65'536;
};

/// Threads:  post() and close() from any thread; receive() from one coroutine on the executor given.
/// Errors:   post() is false when full or closed; receive() throws errc::closed once closed and empty.
/// Cancel:   receive() throws operation_aborted and nothing is lost: the items stay.
/// Lifetime: copies share the box, and the executor's loop outlives them all.
template <class T>
class mailbox {
public:
    explicit mailbox(executor ex, mailbox_options options = {})
        : state_(std::make_shared<state>(std::move(ex), options.max_items)) {
        if (options.max_items == 0)
            throw std::invalid_argument("mailbox_options::max_items must be at least 1");
    }

    bool post(T item) const {
        {
            const std::scoped_lock lock(state_->mutex);
            if (state_->closed || state_->items.size() >= state_->max_items)
                return false;
            state_->items.push_back(std::move(item));
            if (!std::exchange(state_->receiver_sleeps, false))
                return true; // somebody before us has woken the receiver
        }
        wake();
        return true;
    }

    /// Everything that lies there, in order; waits while there is nothing.
    awaitable<std::vector<T>> receive() const {
        const auto held = state_;
        while (true) {
            {
                const std::scoped_lock lock(held->mutex);
                if (!held->items.empty())
                    co_return std::exchange(held->items, {});
                if (held->closed)
                    throw error(errc::closed, "the mailbox is closed");
                held->receiver_sleeps = true;
                held->woken = false;
            }
            boost::system::error_code ec;
            co_await held->wake_up.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if (!held->woken)
                throw boost::system::system_error(ec);
        }
    }

    void close() const {
        {
            const std::scoped_lock lock(state_->mutex);
            state_->closed = true;
            if (!std::exchange(state_->receiver_sleeps, false))
                return;
        }
        wake();
    }

    std::size_t size() const {
        const std::scoped_lock lock(state_->mutex);
        return state_->items.size();
    }

private:
    struct state {
        state(executor ex, std::size_t max)
            : wake_up(std::move(ex), std::chrono::steady_clock::time_point::max()), max_items(max) {}
        std::mutex mutex;
        std::vector<T> items;         // guarded by mutex
        bool closed = false;          // guarded by mutex
        bool receiver_sleeps = false; // guarded by mutex
        asio::steady_timer wake_up;   // the receiver's executor only
        bool woken = false;           // the receiver's executor only
        const std::size_t max_items;
    };

    // A posted wake-up that finds nobody waiting any more (the receiver was cancelled meanwhile) cancels nothing.
    void wake() const {
        asio::post(state_->wake_up.get_executor(), [held = state_] {
            held->woken = true;
            held->wake_up.cancel();
        });
    }

    std::shared_ptr<state> state_;
};

} // namespace infra
