#pragma once

// One loop's share of a client, and the way there for those who are elsewhere.

#include "errand.hpp"
#include "node_lines.hpp"
#include "pipeline.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/redis/errc.hpp>
#include <infra/runtime/loop_gate.hpp>
#include <infra/runtime/mailbox.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <functional>
#include <memory>

namespace infra::redis::detail {

/// How much of the mailbox something takes.
struct postage {
    std::size_t items = 1;
    std::size_t bytes = 0;
};

/// Threads: use() and line() on its executor; the rest from any.
class lane : public std::enable_shared_from_this<lane> {
public:
    lane(executor ex, std::shared_ptr<common> shared);

    const executor& get_executor() const noexcept { return executor_; }

    /// The connection that all share; the first call makes somebody connect it.
    pipeline& use();

    /// The same, connected or not.
    pipeline& line() const noexcept { return *pipeline_; }

    /// Somebody has used it, or sent a letter there.
    bool used() const noexcept { return used_ || reading_; }

    /// Its connections to a cluster's nodes; null without a cluster.
    const std::shared_ptr<node_lines>& nodes() const noexcept { return nodes_; }

    /// `f` is called on the loop, or, when that ends, never; false when the lane was let go. For what ends or stops
    /// something, and so always finds room. It must own neither the lane nor whoever owns that: what is never read would
    /// keep itself.
    bool post(std::function<void()> f);

    /// Ends it as soon as the loop gets to it. Does not block.
    void let_go() noexcept;

    /// After let_go(): returns once the loop has got to it.
    awaitable<void> ended();

    /// Awaits on the loop what `make` makes, from any executor. Cancelled, it is cancelled there. For `make` holds what
    /// holds for post(). Throws errc::overloaded when too much lies there unread.
    template <class T>
    awaitable<T> call(std::function<awaitable<T>()> make, deadline limit, postage takes = {});

private:
    template <class T>
    static void begin(const executor& ex, const std::shared_ptr<errand<T>>& it,
                      const std::function<awaitable<T>()>& make);
    template <class T>
    [[noreturn]] void give_up(const std::shared_ptr<errand<T>>& it, const boost::system::system_error& why);
    awaitable<allowance::share> room_for(postage takes);
    static awaitable<void> refuse(error why);

    void begin_to_read();
    static awaitable<void> read_mail(std::shared_ptr<lane> self);

    const executor executor_;
    const std::shared_ptr<common> common_;
    const std::shared_ptr<pipeline> pipeline_;
    const std::shared_ptr<node_lines> nodes_;
    const std::shared_ptr<loop_gate> gate_;
    const std::shared_ptr<allowance> room_;
    const mailbox<std::function<void()>> mail_;
    std::atomic<bool> used_{false};
    std::atomic<bool> reading_{false};
};

template <class T>
awaitable<T> lane::call(std::function<awaitable<T>()> make, deadline limit, postage takes) {
    constexpr auto way_back = std::chrono::seconds(1); // the operation keeps its deadline by itself, if its loop turns
    const executor home = co_await asio::this_coro::executor;
    const auto it = std::make_shared<errand<T>>(home, co_await room_for(takes));
    if (!post([ex = executor_, it, make = std::move(make)] { begin(ex, it, make); }))
        co_await refuse(error(infra::errc::closed, "the Redis client was stopped"));
    const auto by = limit.is_never() ? limit : deadline(saturating_add(limit.time(), way_back));
    ending<T> end;
    try {
        end = co_await with_deadline(it->result.get(), by, common_->time());
    } catch (const boost::system::system_error& e) {
        give_up(it, e);
    }
    if (end.failure)
        std::rethrow_exception(end.failure);
    co_return std::move(end.value);
}

template <class T>
void lane::begin(const executor& ex, const std::shared_ptr<errand<T>>& it, const std::function<awaitable<T>()>& make) {
    if (!it->begin())
        return;
    const context_scope in(it->under);
    try {
        asio::co_spawn(ex, make(), asio::bind_cancellation_slot(it->stop.slot(), [it](std::exception_ptr e, T value) {
                           it->result.set_value({e, std::move(value)});
                       }));
    } catch (...) { // no memory
        it->result.set_value({std::current_exception(), {}});
    }
}

// What has begun may have been sent, and only its own loop would know.
template <class T>
void lane::give_up(const std::shared_ptr<errand<T>>& it, const boost::system::system_error& why) {
    const bool late = why.code() == infra::errc::timed_out;
    if (it->give_up())
        throw error(why.code(),
                    common_->server + (late ? ": the deadline passed" : ": cancelled") + " before it was sent");
    post([it] { it->stop.emit(asio::cancellation_type::terminal); });
    if (late)
        throw error(errc::unanswered, common_->server +
                                          ": no word from its loop by the deadline; it may have been sent "
                                          "and executed");
    throw error(why.code(), common_->server + ": cancelled; it may have been sent and executed");
}

} // namespace infra::redis::detail
