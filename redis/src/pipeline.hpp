#pragma once

// The callers of one connection, and what carries them from one to the next. All of it happens on one executor.

#include "alarm.hpp"
#include "common.hpp"
#include "continuation.hpp"
#include "link.hpp"
#include "multiplexer.hpp"
#include "vitals.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::redis::detail {

class harbour;
class pipeline;

/// A request whose coroutine waits for it. It lives in that coroutine, and `of` longer.
///
///     waiter w(pipeline, commands, replies, limit);
///     co_await w.done();
///     w.throw_failure();
class waiter : public request {
public:
    waiter(pipeline& of, std::span<const command> what, std::span<reply> into, deadline by, steady_time asked) noexcept;
    ~waiter();
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    /// Puts it on the queue, and completes once it has ended: never at once, not even when there is no room.
    auto done() {
        admit();
        return asio::async_initiate<const asio::deferred_t&, void()>(
            [](auto handler, waiter* self) { self->hold(std::move(handler)); }, asio::deferred, this);
    }

    void throw_failure() const;

    /// It ended since its connection was retired, and what was asked may be asked elsewhere.
    bool is_for_elsewhere() const noexcept;

private:
    friend class pipeline;

    template <class Handler>
    void hold(Handler handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.assign([this](asio::cancellation_type) { cancel(); });
        continuation_.hold(std::move(handler));
        begin();
    }

    void admit();
    void begin();
    void cancel();

    pipeline& of_;
    steady_time asked_;
    std::uint8_t refusals_ = 0; // by replicas
    continuation continuation_;
};

/// How a connection is used.
struct pipeline_manners {
    bool shared = true;          ///< counts as one of the client's own in its status
    bool blocking = false;       ///< silence says nothing: its commands wait on the server
    bool reconnects = true;      ///< false: with the connection everything ends
    std::optional<address> at{}; ///< a cluster's node; otherwise where the client's server is
};

class pipeline final : public std::enable_shared_from_this<pipeline>, private link_user {
public:
    pipeline(executor ex, std::shared_ptr<common> shared, pipeline_manners manners = {});
    ~pipeline();

    const executor& get_executor() const noexcept { return executor_; }
    const executor& io_executor() const noexcept { return io_executor_; } ///< the same without the context, for sockets
    common& shared() const noexcept { return *common_; }

    // --- The connection ---
    awaitable<opened> open(deadline limit); ///< to be attached
    const address* node() const noexcept { return manners_.at ? &*manners_.at : nullptr; }
    const address* peer() const noexcept { return link_ ? &link_->at() : nullptr; }
    const std::string& server() const noexcept { return server_; } ///< for messages
    void attach(opened made);
    bool attached() const noexcept { return link_ != nullptr; }
    const server_facts* facts() const noexcept { return link_ ? &link_->facts() : nullptr; }
    awaitable<void> detached(); ///< waits until there is none

    /// There is none, for this reason. `refusal`, unless it is none, ends those who wait: they need not wait for their
    /// deadlines.
    void cannot_connect(boost::system::error_code refusal, std::string problem);

    /// It is of no use, for this reason: another is to be made.
    void drop(std::string why) { drop_link(errc::lost, std::move(why)); }

    /// The server that matters is there now: a connection to any other is given up, and one in the making made anew.
    void leave_unless_at(const address& there);

    /// The same of a connection that is there, and not of one in the making.
    void leave_if_elsewhere(const address& there);

    /// For good: those who wait get errc::closed, or errc::lost if they may have been executed.
    void close();
    bool closed() const noexcept { return closed_; }

    /// The loop ends: those who wait are destroyed where they do.
    void abandon() noexcept;

    // --- Its end in peace ---
    /// The node is no master any more: who waits ends with errc::not_connected, to be sent elsewhere, and when the rest has
    /// been answered it is closed.
    void retire();
    bool retired() const noexcept { return retired_; }
    void stop_accepting() noexcept { accepting_ = false; }
    void tell_when_idle(promise<void> whom);

    // --- What is not asked for ---
    /// Takes what is no answer. False: it is one, and goes to whoever waits.
    std::function<bool(reply&)> on_push;
    const command* oldest() const noexcept { return multiplexer_.oldest(); }
    bool owes_answers() const noexcept { return multiplexer_.owes_answers(); }
    bool is_idle() const noexcept { return multiplexer_.is_idle(); }

    /// Called once when it is closed or abandoned.
    std::function<void()> on_close;

private:
    friend class waiter;

    void on_message(reply r) override;
    void on_read(std::size_t bytes) override;
    void on_pause() override { turn(); }
    void on_written(std::size_t bytes) override;
    void on_end(boost::system::error_code why, std::string sentence) override;

    awaitable<opened> attempt(deadline limit);
    void start();
    void turn();
    void turn_soon();
    void post_turn();
    void settle(const waiter& w, steady_time now);
    bool may_write() const noexcept;
    void flush();
    void wrote(std::size_t bytes);
    void set_alarm();
    void look_at_the_clock();
    void ask_whether_it_lives(steady_time now);
    void uncount(const address& at) noexcept;
    void drop_link(boost::system::error_code why, std::string sentence);
    bool send_elsewhere(waiter& w);
    void report();
    void tell_idle();
    steady_time now() const noexcept { return common_->time().steady(); }
    std::string sentence_of(const waiter& w) const;
    boost::system::error_code objection_to(const waiter& w) const;
    bool has_work() const noexcept;

    const executor executor_;
    const executor io_executor_;
    const std::shared_ptr<common> common_;
    const pipeline_manners manners_;
    const std::string server_;
    multiplexer multiplexer_;
    link_ptr link_;
    vitals vitals_;
    alarm alarm_;
    asio::steady_timer gone_;
    asio::steady_timer delay_; // options::flush_delay
    std::optional<command> ping_;
    reply pong_;
    std::optional<waiter> pinging_;
    std::vector<promise<void>> idle_;
    std::string problem_;                          // of the last connection, or of the attempt to make one
    std::array<std::size_t, outcomes> outcomes_{}; // since the last report
    std::size_t reported_commands_ = 0;
    std::uint64_t reported_replays_ = 0;
    std::shared_ptr<harbour> harbour_; // from the first use on
    asio::cancellation_signal opening_;
    bool moved_ = false; // since the attempt to connect began: the server
    bool attached_before_ = false;
    bool retired_ = false;
    bool leaving_ = false; // once everything is answered: the server is a replica by now
    bool accepting_ = true;
    bool closed_ = false;
    bool turning_ = false;
    bool turn_posted_ = false;
};

} // namespace infra::redis::detail
