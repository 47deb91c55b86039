#pragma once

// One loop's share of a client, and the way there for those who are elsewhere.

#include "pipeline.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/runtime/loop_gate.hpp>
#include <infra/runtime/mailbox.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <functional>
#include <memory>

namespace infra::redis::detail {

/// Threads: use() and line() on its executor; the rest from any.
class lane : public std::enable_shared_from_this<lane> {
public:
    lane(executor ex, std::shared_ptr<common> shared);

    const executor& get_executor() const noexcept { return executor_; }

    /// The connection that all share; the first call makes somebody connect it.
    pipeline& use();
    bool used() const noexcept { return used_; }

    /// `f` is called on the loop, or, when that ends, never; false when too much lies there already. It must own neither
    /// the lane nor whoever owns that: what is never read would keep itself.
    bool post(std::function<void()> f);

    /// Ends it as soon as the loop gets to it. Does not block.
    void let_go() noexcept;

    /// After let_go(): returns once the loop has got to it.
    awaitable<void> ended();

    /// Awaits on the loop what `make` makes, from any executor. Cancelled, it is cancelled there. For `make` holds what
    /// holds for post().
    template <class T>
    awaitable<T> call(std::function<awaitable<T>()> make, deadline limit);

private:
    void begin_to_read();
    static awaitable<void> read_mail(std::shared_ptr<lane> self);

    const executor executor_;
    const std::shared_ptr<common> common_;
    const std::shared_ptr<pipeline> pipeline_;
    const std::shared_ptr<loop_gate> gate_;
    const mailbox<std::function<void()>> mail_;
    std::atomic<bool> used_{false};
    std::atomic<bool> reading_{false};
};

/// What is on its way to another loop and back.
template <class T>
struct errand {
    explicit errand(const executor& home) : result(home) {}
    const promise<T> result;
    const infra::context under = infra::context::current();
    asio::cancellation_signal stop; // on the other loop only
    bool cancelled = false;         // likewise
};

template <class T>
awaitable<T> lane::call(std::function<awaitable<T>()> make, deadline limit) {
    constexpr auto way_back = std::chrono::seconds(1); // the operation keeps its deadline by itself, if its loop turns
    const auto there = std::make_shared<errand<T>>(co_await asio::this_coro::executor);
    const bool left = post([ex = executor_, there, make = std::move(make)] {
        if (there->cancelled)
            return;
        const context_scope in(there->under);
        asio::co_spawn(ex, make(),
                       asio::bind_cancellation_slot(there->stop.slot(), [there](std::exception_ptr e, T value) {
                           if (e)
                               there->result.set_exception(e);
                           else
                               there->result.set_value(std::move(value));
                       }));
    });
    if (!left)
        throw error(infra::errc::overloaded, common_->server + ": too much is on its way to this loop");
    const auto by = limit.is_never() ? limit : deadline(saturating_add(limit.time(), way_back));
    try {
        co_return co_await with_deadline(there->result.get(), by, common_->time());
    } catch (...) {
        post([there] {
            there->cancelled = true;
            there->stop.emit(asio::cancellation_type::terminal);
        });
        throw;
    }
}

} // namespace infra::redis::detail
