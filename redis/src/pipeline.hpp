#pragma once

// The callers of one connection, and what carries them from one to the next. All of it happens on one executor.

#include "accounts.hpp"
#include "alarm.hpp"
#include "common.hpp"
#include "link.hpp"
#include "multiplexer.hpp"
#include "opening.hpp"
#include "readiness.hpp"
#include "vitals.hpp"
#include "waiter.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::redis::detail {

class harbour;

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
    awaitable<opened> open(deadline limit);               ///< to be attached
    awaitable<void> pause(std::chrono::nanoseconds time); ///< before the next attempt; ends when the server moves
    const address* node() const noexcept { return manners_.at ? &*manners_.at : nullptr; }
    const address* peer() const noexcept { return link_ ? &link_->at() : nullptr; }
    const std::string& server() const noexcept { return server_; } ///< for messages
    void attach(opened made);
    bool attached() const noexcept { return link_ != nullptr; }
    const server_facts* facts() const noexcept { return link_ ? &link_->facts() : nullptr; }
    awaitable<void> detached(); ///< waits until there is none

    /// There is none, for this reason. `refusal`, unless it is none, ends those who wait: they need not wait for their
    /// deadlines. Those whom any server will do end in any case.
    void cannot_connect(boost::system::error_code refusal, std::string problem);

    /// It is of no use, for this reason: another is to be made.
    void drop(std::string why) { drop_link(errc::lost, std::move(why)); }

    /// The same, and one in the making is made anew.
    void connect_anew(std::string why);

    /// The server that matters is there now: a connection to any other is given up, and one in the making made anew.
    void leave_unless_at(const address& there);

    /// One that is there and leads to any other is given up once it has answered what it owes; what waits is for the next.
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

    void on_message(reply&& r) override;
    void on_read(std::size_t bytes) override;
    void on_pause() override { turn(); }
    void on_written(std::size_t bytes) override;
    void on_end(boost::system::error_code why, std::string sentence) override;

    void start();
    void turn();
    void end_turn();
    void send_refused_again();
    void resume_who_ended(steady_time at);
    void turn_soon();
    void post_turn();
    bool may_write() const noexcept;
    void flush() noexcept;
    void write_what_waits();
    void wrote(std::size_t bytes);
    void set_alarm();
    void look_at_the_clock();
    void ask_whether_it_lives(steady_time now);
    void prepare_ping(steady_time now);
    void heed(const reply& r);
    bool waits_for_it() const noexcept;
    void is_not_ready_yet(const reply& r);
    void is_ready();
    void wait_for_it_no_more() noexcept;
    void ask_whether_it_is_ready(steady_time now);
    void ask_if_it_is_time();
    void uncount(const address& at) noexcept;
    void drop_link(boost::system::error_code why, std::string sentence);
    void tell_of_the_loss(const address& at, const std::string& sentence) noexcept;
    void tell_idle();
    steady_time now() const noexcept { return common_->time().steady(); }
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
    readiness readiness_;
    alarm alarm_;
    asio::steady_timer gone_;
    asio::steady_timer delay_; // options::flush_delay
    std::optional<command> ping_;
    reply pong_;
    std::optional<waiter> pinging_;
    std::vector<promise<void>> idle_;
    std::string problem_; // of the last connection, or of the attempt to make one
    accounts accounts_;
    std::size_t read_ = 0; // bytes, since the last turn
    opening opening_;
    std::shared_ptr<harbour> harbour_; // from the first use on
    bool attached_before_ = false;
    bool retired_ = false;
    std::string leaving_; // once everything is answered: why
    bool accepting_ = true;
    bool closed_ = false;
    bool turning_ = false;
    bool turn_posted_ = false;
};

} // namespace infra::redis::detail
