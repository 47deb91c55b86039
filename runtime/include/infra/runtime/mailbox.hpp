#pragma once

/// How work crosses from any thread to one loop: many senders, one receiver, one wake-up a batch.
///
///     infra::mailbox<message> box(loop.get_executor(), {.max_items = 10'000});
///     if (!box.post(m)) count_as_dropped();                 // any thread
///     while (true) for (auto& m : co_await box.receive()) handle(m);   // on the loop

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
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
/// Lifetime: copies share the box and may outlive the executor's loop; what is posted then lies unread.
template <class T>
class mailbox {
public:
    explicit mailbox(const executor& ex, mailbox_options options = {})
        : state_(std::make_shared<state>(loop_gate::of(ex), options.max_items)) {
        if (options.max_items == 0)
            throw std::invalid_argument("mailbox_options::max_items must be at least 1");
    }

    bool post(T item) const {
        const std::scoped_lock lock(state_->mutex);
        if (state_->closed || state_->items.size() >= state_->max_items)
            return false;
        state_->items.push_back(std::move(item));
        try {
            wake();
        } catch (...) { // no memory: whoever is told so has sent nothing
            state_->items.pop_back();
            throw;
        }
        return true;
    }

    /// Everything that lies there, in order; waits while there is nothing.
    awaitable<std::vector<T>> receive() const {
        const sleeper me(state_, co_await asio::this_coro::executor);
        while (true) {
            {
                const std::scoped_lock lock(me.of->mutex);
                if (!me.of->items.empty())
                    co_return std::exchange(me.of->items, {});
                if (me.of->closed)
                    throw error(errc::closed, "the mailbox is closed");
                me.of->sleeping = &me;
                me.woken = false;
            }
            boost::system::error_code ec;
            co_await me.wake_up.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if (!me.woken)
                throw boost::system::system_error(ec);
        }
    }

    void close() const {
        const std::scoped_lock lock(state_->mutex);
        state_->closed = true;
        wake();
    }

    std::size_t size() const {
        const std::scoped_lock lock(state_->mutex);
        return state_->items.size();
    }

private:
    struct sleeper;

    struct state {
        state(std::shared_ptr<loop_gate> of, std::size_t max) : gate(std::move(of)), max_items(max) {}
        const std::shared_ptr<loop_gate> gate;
        const std::size_t max_items;
        std::mutex mutex;
        std::vector<T> items;              // guarded by mutex
        bool closed = false;               // guarded by mutex
        const sleeper* sleeping = nullptr; // guarded by mutex; not yet sent a wake-up
        const sleeper* present = nullptr;  // guarded by mutex; what may still be woken
    };

    // Lives in the frame of receive(), and so dies with the loop if not before.
    struct sleeper {
        sleeper(std::shared_ptr<state> s, const executor& ex) : of(std::move(s)), wake_up(ex, steady_end) {
            const std::scoped_lock lock(of->mutex);
            of->present = this;
        }
        ~sleeper() {
            const std::scoped_lock lock(of->mutex);
            of->sleeping = of->present = nullptr;
        }
        sleeper(const sleeper&) = delete;
        sleeper& operator=(const sleeper&) = delete;

        static constexpr auto steady_end = std::chrono::steady_clock::time_point::max();
        const std::shared_ptr<state> of;
        mutable asio::steady_timer wake_up; // the receiver's executor only
        mutable bool woken = false;         // likewise
    };

    // Called under the lock. One wake-up is enough for whatever comes before the receiver looks; one that finds nobody
    // any more, or the next receiver, does no harm. One that could not be sent leaves him to the next.
    void wake() const {
        const auto* const who = state_->sleeping;
        if (!who)
            return;
        state_->gate->pass([&] { asio::post(who->wake_up.get_executor(), [held = state_] { wake_up(*held); }); });
        state_->sleeping = nullptr;
    }

    static void wake_up(state& s) {
        const std::scoped_lock lock(s.mutex);
        if (!s.present)
            return;
        s.present->woken = true;
        s.present->wake_up.cancel();
    }

    std::shared_ptr<state> state_;
};

} // namespace infra
