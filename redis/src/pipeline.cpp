#include "pipeline.hpp"

#include "attempt.hpp"
#include "harbour.hpp"

#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

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

} // namespace

pipeline::pipeline(executor ex, std::shared_ptr<common> shared, pipeline_manners manners)
    : executor_(std::move(ex)),
      io_executor_(without_context(executor_)),
      common_(std::move(shared)),
      manners_(std::move(manners)),
      server_(name_of(manners_, *common_)),
      multiplexer_(bounds_of(common_->settings())),
      vitals_({.ping_every = common_->settings().ping_every, .response_timeout = common_->settings().response_timeout},
              {}),
      readiness_(common_->settings().reconnect),
      alarm_(executor_, common_->time(), [this] { look_at_the_clock(); }),
      gone_(io_executor_, steady_time::max()),
      delay_(io_executor_),
      accounts_(*common_),
      opening_(executor_, io_executor_, common_->connect, manners_.at) {}

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

// --- Turns ----------------------------------------------------------------------------------------------------------

// What is asked while callers go on leaves at the end of that turn; what is asked otherwise, at the end of this one of
// the loop.
void pipeline::turn_soon() {
    if (turning_ || turn_posted_)
        return;
    const auto delay = common_->settings().flush_delay;
    if (delay == std::chrono::microseconds::zero())
        return post_turn();
    delay_.expires_after(delay);
    delay_.async_wait([weak = weak_from_this()](boost::system::error_code) {
        if (const auto self = weak.lock()) {
            self->turn_posted_ = false;
            self->turn();
        }
    });
    turn_posted_ = true; // not before: there may be no memory for it
}

void pipeline::post_turn() {
    if (turn_posted_)
        return;
    asio::post(io_executor_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->turn_posted_ = false;
            self->turn();
        }
    });
    turn_posted_ = true;
}

void pipeline::turn() {
    if (std::exchange(turning_, true))
        return;
    const auto self = shared_from_this();
    const auto at = now();
    if (read_ > 0)
        vitals_.heard(at);
    send_refused_again();
    resume_who_ended(at);
    if (!attempt([this] { end_turn(); }))
        drop_link(errc::lost, "no memory"); // the next one may have it
}

void pipeline::end_turn() {
    if (!leaving_.empty() && !multiplexer_.owes_answers())
        drop_link(errc::lost, leaving_);
    ask_if_it_is_time();
    flush();
    if (multiplexer_.finished() > 0)
        post_turn(); // who was refused meanwhile and tries again must not keep the loop from turning
    set_alarm();
    if (read_ > 0)
        common_->count.received(std::exchange(read_, 0));
    accounts_.report(multiplexer_);
    tell_idle();
    if (retired_ && multiplexer_.is_idle())
        close();
}

// Before anybody goes on, who would ask for more: what was let in before comes before it.
void pipeline::send_refused_again() {
    while (auto* const refused = multiplexer_.next_refused()) {
        auto& w = static_cast<waiter&>(*refused);
        if (const auto from = w.sent_again_from())
            multiplexer_.send_again(w, *from);
        else
            multiplexer_.settle(w);
    }
}

// What those who go on throw, or the handlers behind them, leaves the loop. The rest has its turn all the same.
void pipeline::resume_who_ended(steady_time at) {
    struct way_out {
        pipeline& of;
        bool well = false;
        ~way_out() {
            of.turning_ = false;
            if (!well)
                attempt([this] { of.post_turn(); });
        }
    } out{*this};
    std::size_t resumed = 0;
    for (auto left = multiplexer_.finished(); left > 0; --left) {
        auto* const ended = multiplexer_.next_finished();
        if (!ended)
            break;
        auto& w = static_cast<waiter&>(*ended);
        accounts_.settle(w, at - w.asked_);
        if (w.continuation_.holds())
            w.continuation_.resume();
        if (++resumed % resumed_between_writes == 0)
            flush();
    }
    out.well = true;
}

// Whoever leaves, or waits for the server to be ready, sends nothing new. A block that was begun he finishes: half a request
// is never answered.
bool pipeline::may_write() const noexcept {
    const bool anything = leaving_.empty() && readiness_.is_ready();
    return link_ && !link_->writing() && (anything ? multiplexer_.has_to_write() : multiplexer_.in_block());
}

void pipeline::flush() noexcept {
    if (!attempt([this] { write_what_waits(); }))
        drop_link(errc::lost, "no memory");
}

void pipeline::write_what_waits() {
    while (may_write()) {
        const auto block = multiplexer_.to_write();
        if (block.empty())
            return;
        const auto taken = link_->write(block);
        if (taken == 0)
            return vitals_.began_to_write(now());
        wrote(taken);
    }
}

void pipeline::wrote(std::size_t bytes) {
    const bool was_due = multiplexer_.answer_is_due();
    if (multiplexer_.at_start_of_block())
        common_->count.wrote(multiplexer_.in_last_block());
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
    if (multiplexer_.finished() > 0) // there was no memory to send them
        post_turn();
}

// Between it and what is written next as little as possible happens: the rest is for the turn that follows.
void pipeline::on_read(std::size_t bytes) { read_ += bytes; }

void pipeline::on_message(reply&& r) {
    if (on_push && on_push(r))
        return;
    if ((r.is_error() || readiness_.is_asked()) && r.type() != reply::kind::push)
        heed(r);
    if (r.type() == reply::kind::push || multiplexer_.answer(std::move(r)))
        return;
    // The next one would be given to somebody whose it is not.
    drop_link(errc::protocol, "it says more than it was asked for");
}

// --- Time -----------------------------------------------------------------------------------------------------------

void pipeline::set_alarm() {
    if (closed_)
        return;
    auto when = multiplexer_.earliest();
    if (link_ && !manners_.blocking)
        when = std::min(when, vitals_.next(multiplexer_.answer_is_due(), link_->writing()));
    if (!multiplexer_.owes_answers())
        when = std::min(when, readiness_.ask_at());
    if (when < alarm_.when())
        alarm_.set(when);
}

} // namespace infra::redis::detail
