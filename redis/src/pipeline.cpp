#include "pipeline.hpp"

#include "harbour.hpp"

#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

// So many callers go on before what they ask next is sent: the server works on it while the others go on, and neither waits
// for the other to be done with all of them.
constexpr std::size_t resumed_between_writes = 64;

executor without_context(const executor& ex) {
    using plain = asio::io_context::executor_type;
    const auto* carrying = ex.target<context_executor<plain>>();
    return carrying ? executor(carrying->inner()) : ex;
}

std::string name_of(const pipeline_manners& m, const common& c) {
    if (!m.at)
        return c.server;
    return (c.settings().tls ? "rediss://" : "redis://") + to_string(*m.at);
}

multiplexer_bounds bounds_of(const options& o) {
    return {.max_commands = o.max_queued_commands, .max_bytes = o.max_queued_bytes};
}

// What `stop` emits ends it, as does whoever waits for it.
template <class T>
awaitable<T> until_stopped(executor ex, awaitable<T> what, asio::cancellation_signal& stop) {
    auto start = [ex = std::move(ex), &stop](auto handler, awaitable<T> begun) {
        if (auto from = asio::get_associated_cancellation_slot(handler); from.is_connected())
            from.assign([&stop](asio::cancellation_type type) { stop.emit(type); });
        asio::co_spawn(ex, std::move(begun), asio::bind_cancellation_slot(stop.slot(), std::move(handler)));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr, T)>(start, asio::use_awaitable,
                                                                                             std::move(what));
}

} // namespace

// --- One caller -----------------------------------------------------------------------------------------------------

waiter::waiter(pipeline& of, std::span<const command> what, std::span<reply> into, deadline by,
               steady_time asked) noexcept
    : of_(of), asked_(asked) {
    commands = what;
    replies = into;
    limit = by;
}

waiter::~waiter() { of_.multiplexer_.forget(*this); }

void waiter::admit() {
    of_.start();
    if (const auto why = of_.objection_to(*this))
        of_.multiplexer_.refuse(*this, why);
    else if (!of_.multiplexer_.add(*this))
        of_.multiplexer_.refuse(*this, infra::errc::overloaded);
}

void waiter::begin() {
    of_.turn_soon();
    if (limit.time() < of_.alarm_.when())
        of_.set_alarm();
}

void waiter::cancel() {
    of_.multiplexer_.cancel(*this, asio::error::operation_aborted);
    of_.post_turn(); // not at once: whoever cancels is in the middle of something
}

// What was sent and waits all the same does no harm if it is repeated.
bool waiter::is_for_elsewhere() const noexcept { return failure == errc::not_connected && of_.retired_; }

void waiter::throw_failure() const {
    if (failure)
        throw error(failure, of_.sentence_of(*this));
}

// --- All of them ----------------------------------------------------------------------------------------------------

pipeline::pipeline(executor ex, std::shared_ptr<common> shared, pipeline_manners manners)
    : executor_(std::move(ex)),
      io_executor_(without_context(executor_)),
      common_(std::move(shared)),
      manners_(std::move(manners)),
      server_(name_of(manners_, *common_)),
      multiplexer_(bounds_of(common_->settings())),
      vitals_({.ping_every = common_->settings().ping_every, .response_timeout = common_->settings().response_timeout},
              {}),
      alarm_(executor_, common_->time(), [this] { look_at_the_clock(); }),
      gone_(io_executor_, steady_time::max()),
      delay_(io_executor_) {}

pipeline::~pipeline() {
    if (link_) {
        uncount(link_->at());
        link_->close();
    }
    if (harbour_)
        harbour_->leave(*this);
}

void pipeline::start() {
    if (harbour_)
        return;
    harbour_ = harbour::of(executor_);
    harbour_->enter(*this);
}

// Why it is not taken.
boost::system::error_code pipeline::objection_to(const waiter& w) const {
    if (closed_ || (!accepting_ && manners_.reconnects))
        return infra::errc::closed;
    if (!accepting_)
        return errc::not_connected;
    if (w.limit.passed(w.asked_))
        return infra::errc::timed_out;
    return {};
}

std::string pipeline::sentence_of(const waiter& w) const {
    std::string out = std::string(w.commands.front().name()) + " at " + server_ + ": ";
    const auto because = problem_.empty() ? std::string() : " (" + problem_ + ")";
    if (w.failure == asio::error::operation_aborted)
        return out +
               (w.sent ? "cancelled after it was sent; it may have been executed" : "cancelled before it was sent");
    if (w.failure == errc::unanswered)
        return out + "no answer by the deadline; it was sent and may have been executed";
    if (w.failure == errc::not_connected)
        return out + (manners_.reconnects ? "no connection by the deadline" : "the connection is gone") + because;
    if (w.failure == infra::errc::timed_out)
        return out + "the deadline passed before it was sent";
    if (w.failure == errc::lost)
        return out + (closed_ ? "the client was stopped" : "the connection was lost") +
               " after it was sent; it may have been executed" + because;
    if (w.failure == infra::errc::closed)
        return out + "the Redis client was stopped before it was sent";
    if (w.failure == infra::errc::overloaded)
        return out + "the queue of commands is full (options::max_queued_commands, max_queued_bytes)";
    return out + (problem_.empty() ? w.failure.message() : problem_);
}

// --- Turns ----------------------------------------------------------------------------------------------------------

// What is asked while callers go on leaves at the end of that turn; what is asked otherwise, at the end of this one of
// the loop.
void pipeline::turn_soon() {
    if (turning_ || turn_posted_)
        return;
    const auto delay = common_->settings().flush_delay;
    if (delay == std::chrono::microseconds::zero())
        return post_turn();
    turn_posted_ = true;
    delay_.expires_after(delay);
    delay_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        if (const auto self = weak.lock()) {
            self->turn_posted_ = false;
            self->turn();
        }
    });
}

void pipeline::post_turn() {
    if (std::exchange(turn_posted_, true))
        return;
    asio::post(io_executor_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->turn_posted_ = false;
            self->turn();
        }
    });
}

void pipeline::turn() {
    if (std::exchange(turning_, true))
        return;
    const auto self = shared_from_this();
    const auto at = now();
    std::size_t resumed = 0;
    for (auto left = multiplexer_.finished(); left > 0; --left) {
        auto* const ended = multiplexer_.next_finished();
        if (!ended)
            break;
        auto& w = static_cast<waiter&>(*ended);
        if (leaving_ && send_elsewhere(w))
            continue;
        settle(w, at);
        if (w.continuation_.holds())
            w.continuation_.resume();
        if (++resumed % resumed_between_writes == 0)
            flush();
    }
    turning_ = false;
    if (multiplexer_.finished() > 0)
        post_turn(); // who was refused meanwhile and tries again must not keep the loop from turning
    if (leaving_ && !multiplexer_.owes_answers())
        drop_link(errc::lost, "the server is a replica now");
    flush();
    set_alarm();
    report();
    tell_idle();
    if (retired_ && multiplexer_.is_idle())
        close();
}

void pipeline::settle(const waiter& w, steady_time at) {
    const auto errors = w.failure ? 0u
                                  : static_cast<std::size_t>(std::ranges::count_if(
                                        w.replies, [](const reply& each) { return each.is_error(); }));
    outcomes_[static_cast<std::size_t>(outcome_of(w.failure))] += w.commands.size() - errors;
    outcomes_[static_cast<std::size_t>(outcome::error)] += errors;
    common_->count.took(at - w.asked_);
}

// Whoever leaves sends nothing new. A block that was begun he finishes: half a request is never answered.
bool pipeline::may_write() const noexcept {
    return link_ && !link_->writing() && (leaving_ ? multiplexer_.in_block() : multiplexer_.has_to_write());
}

void pipeline::flush() {
    while (may_write()) {
        const auto block = multiplexer_.to_write();
        if (multiplexer_.at_start_of_block())
            common_->count.wrote(multiplexer_.in_last_block());
        const auto taken = link_->write(block);
        if (taken == 0)
            return vitals_.began_to_write(now());
        wrote(taken);
    }
}

void pipeline::wrote(std::size_t bytes) {
    const bool was_due = multiplexer_.answer_is_due();
    multiplexer_.written(bytes);
    const auto at = now();
    vitals_.wrote(at);
    if (!was_due && multiplexer_.answer_is_due())
        vitals_.began_to_owe(at);
    common_->count.sent(bytes);
}

void pipeline::on_written(std::size_t bytes) {
    if (bytes > 0)
        wrote(bytes);
    flush();
}

void pipeline::on_read(std::size_t bytes) {
    vitals_.heard(now());
    common_->count.received(bytes);
}

void pipeline::on_message(reply r) {
    if (on_push && on_push(r))
        return;
    if (r.is_error() && r.error_code() == "READONLY" && common_->settings().sentinel)
        leaving_ = true;
    if (r.type() == reply::kind::push || multiplexer_.answer(std::move(r)))
        return;
    // The next one would be given to somebody whose it is not.
    drop_link(errc::protocol, "it says more than it was asked for");
}

// --- The connection -------------------------------------------------------------------------------------------------

awaitable<opened> pipeline::attempt(deadline limit) {
    auto& connect = common_->connect;
    return manners_.at ? connect.open_at(io_executor_, *manners_.at, limit) : connect.open(io_executor_, limit);
}

// The server may move while it is being connected to, and the old one not say so: the attempt begins anew.
awaitable<opened> pipeline::open(deadline limit) {
    const auto self = shared_from_this();
    while (true) {
        moved_ = false;
        try {
            auto made = co_await until_stopped(executor_, attempt(limit), opening_);
            if (!moved_)
                co_return made;
            made.through->close();
        } catch (const boost::system::system_error&) {
            if (!moved_ || closed_)
                throw;
        }
    }
}

void pipeline::attach(opened made) {
    if (closed_)
        return made.through->close();
    start();
    link_ = link_ptr(new link(std::move(made), {.max_bytes = common_->settings().max_reply_bytes}, *this));
    vitals_ =
        vitals({.ping_every = common_->settings().ping_every, .response_timeout = common_->settings().response_timeout},
               now());
    common_->count.connections(1);
    const bool again = std::exchange(attached_before_, true);
    if (manners_.shared) {
        ++common_->shared_up;
        common_->present.came(link_->at(), again);
    }
    link_->start();
    turn();
}

void pipeline::uncount(const address& at) noexcept {
    common_->count.connections(-1);
    if (!manners_.shared)
        return;
    --common_->shared_up;
    common_->present.is_gone(at);
}

void pipeline::on_end(boost::system::error_code why, std::string sentence) { drop_link(why, std::move(sentence)); }

void pipeline::drop_link(boost::system::error_code why, std::string sentence) {
    const auto had = std::exchange(link_, nullptr);
    if (!had)
        return;
    leaving_ = false;
    const bool more_may_have_left = had->may_have_written();
    had->close();
    uncount(had->at());
    if (manners_.shared)
        common_->present.tell_that_it_went(had->at());
    if (!sentence.empty()) {
        ++common_->losses;
        common_->count.lost();
        common_->note(sentence);
        telemetry::log(level::warn, "redis", "connection lost", {{"server", server_}, {"why", sentence}});
    }
    problem_ = std::move(sentence);
    if (why == errc::protocol || why == errc::too_large)
        multiplexer_.fail_oldest(why);
    multiplexer_.lost(more_may_have_left);
    if (!manners_.reconnects) {
        multiplexer_.fail_waiting(errc::not_connected, errc::lost);
        accepting_ = false;
    }
    if (retired_)
        multiplexer_.fail_waiting(errc::not_connected, errc::not_connected);
    gone_.cancel();
    post_turn();
}

void pipeline::leave_unless_at(const address& there) {
    moved_ = true;
    if (!link_)
        opening_.emit(asio::cancellation_type::terminal);
    leave_if_elsewhere(there);
}

void pipeline::leave_if_elsewhere(const address& there) {
    if (link_ && link_->at() != there)
        drop_link(errc::lost, "the master is at " + to_string(there) + " now");
}

// A replica refused it, so it was not executed: it waits for the connection to the master. What a script says may look
// the same, and comes to an end.
bool pipeline::send_elsewhere(waiter& w) {
    constexpr std::uint8_t often_enough = 3;
    const bool refused = !w.failure && w.commands.size() == 1 && w.replies[0].error_code() == "READONLY";
    if (!refused || !manners_.reconnects || w.refusals_ >= often_enough)
        return false;
    w.answered = 0;
    w.sent = w.replays > 0; // on a connection before, whose server may have executed it
    ++w.refusals_;
    return multiplexer_.add(w);
}

awaitable<void> pipeline::detached() {
    const auto self = shared_from_this();
    while (link_) {
        boost::system::error_code ec;
        gone_.expires_at(steady_time::max());
        co_await gone_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
}

void pipeline::cannot_connect(boost::system::error_code refusal, std::string problem) {
    problem_ = std::move(problem);
    if (refusal)
        multiplexer_.fail_waiting(refusal, errc::lost);
    post_turn();
}

void pipeline::retire() {
    if (std::exchange(retired_, true))
        return;
    accepting_ = false;
    multiplexer_.fail_waiting(errc::not_connected, errc::not_connected);
    post_turn();
}

void pipeline::close() {
    if (std::exchange(closed_, true))
        return;
    const auto self = shared_from_this();
    drop_link(infra::errc::closed, {});
    multiplexer_.fail_waiting(infra::errc::closed, errc::lost);
    alarm_.clear();
    if (on_close)
        std::exchange(on_close, nullptr)();
    post_turn();
}

void pipeline::abandon() noexcept {
    const auto self = shared_from_this();
    closed_ = true;
    alarm_.clear();
    multiplexer_.fail_all(infra::errc::closed, errc::lost);
    if (const auto had = std::exchange(link_, nullptr)) {
        uncount(had->at());
        had->close();
    }
    if (on_close)
        std::exchange(on_close, nullptr)();
    while (auto* const ended = multiplexer_.next_finished())
        static_cast<waiter&>(*ended).continuation_.drop();
}

// --- Time -----------------------------------------------------------------------------------------------------------

void pipeline::set_alarm() {
    if (closed_)
        return;
    auto when = multiplexer_.earliest();
    if (link_ && !manners_.blocking)
        when = std::min(when, vitals_.next(multiplexer_.answer_is_due(), link_->writing()));
    if (when < alarm_.when())
        alarm_.set(when);
}

void pipeline::look_at_the_clock() {
    const auto self = shared_from_this();
    const auto at = now();
    multiplexer_.expire(at, link_ ? make_error_code(infra::errc::timed_out) : make_error_code(errc::not_connected));
    if (link_ && !manners_.blocking) {
        switch (vitals_.judge(at, multiplexer_.answer_is_due(), link_->writing())) {
        case vitals::verdict::well: break;
        case vitals::verdict::ask: ask_whether_it_lives(at); break;
        case vitals::verdict::dead: drop_link(errc::lost, "the server is silent while it owes an answer"); break;
        }
    }
    turn();
}

void pipeline::ask_whether_it_lives(steady_time at) {
    if (!ping_)
        ping_.emplace("PING");
    pinging_.emplace(*this, std::span(&*ping_, 1), std::span(&pong_, 1),
                     deadline::after(common_->settings().response_timeout, at), at);
    multiplexer_.add(*pinging_);
}

// --- Accounts -------------------------------------------------------------------------------------------------------

void pipeline::report() {
    for (std::size_t i = 0; i < outcomes_.size(); ++i)
        if (const auto n = std::exchange(outcomes_[i], 0); n > 0)
            common_->count.commands(static_cast<outcome>(i), n);
    if (const auto n = multiplexer_.commands(); n != reported_commands_) {
        const auto more = static_cast<std::ptrdiff_t>(n) - static_cast<std::ptrdiff_t>(reported_commands_);
        common_->count.queued(more);
        common_->commands += static_cast<std::size_t>(more);
        reported_commands_ = n;
    }
    if (const auto n = multiplexer_.replayed(); n != reported_replays_)
        common_->count.replayed(n - std::exchange(reported_replays_, n));
}

void pipeline::tell_when_idle(promise<void> whom) {
    idle_.push_back(std::move(whom));
    tell_idle();
}

// A PING of our own is none of it.
bool pipeline::has_work() const noexcept {
    const bool pings = pinging_ && pinging_->is_under_way();
    return multiplexer_.callers() > (pings ? 1u : 0u) || multiplexer_.finished() > 0;
}

void pipeline::tell_idle() {
    if (idle_.empty() || has_work())
        return;
    for (const auto& each : std::exchange(idle_, {}))
        each.set_value();
}

} // namespace infra::redis::detail
