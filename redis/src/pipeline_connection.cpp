// What a pipeline does with connections, from the first to its own end.

#include "attempt.hpp"
#include "harbour.hpp"
#include "pipeline.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::redis::detail {

awaitable<opened> pipeline::open(deadline limit) {
    const auto self = shared_from_this();
    co_return co_await opening_.open(limit);
}

awaitable<void> pipeline::pause(std::chrono::nanoseconds time) {
    const auto self = shared_from_this();
    co_await opening_.pause(time);
}

void pipeline::attach(opened made) {
    if (closed_)
        return made.through->close();
    start();
    link_ptr has(new link(std::move(made), {.max_bytes = common_->settings().max_reply_bytes}, *this));
    if (manners_.shared) { // first: where nobody could be told of it nothing may be read
        common_->present.came(has->at(), attached_before_);
        ++common_->shared_up;
    }
    common_->count.connections(1);
    attached_before_ = true;
    link_ = std::move(has);
    vitals_ =
        vitals({.ping_every = common_->settings().ping_every, .response_timeout = common_->settings().response_timeout},
               now());
    link_->start();
    turn();
}

void pipeline::uncount(const address& at) noexcept {
    wait_for_it_no_more();
    readiness_.begin_anew(); // the next one is asked anew
    common_->count.connections(-1);
    if (!manners_.shared)
        return;
    --common_->shared_up;
    common_->present.is_gone(at);
}

void pipeline::on_end(boost::system::error_code why, std::string sentence) { drop_link(why, std::move(sentence)); }

// Whoever waits for it comes first. To tell of it needs memory, of which there may be none.
void pipeline::drop_link(boost::system::error_code why, std::string sentence) {
    const auto had = std::exchange(link_, nullptr);
    if (!had)
        return;
    leaving_.clear();
    const bool more_may_have_left = had->may_have_written();
    had->close();
    uncount(had->at());
    if (why == errc::protocol || why == errc::too_large)
        multiplexer_.fail_oldest(why);
    pinging_.reset(); // of the next one it would say nothing
    multiplexer_.lost(more_may_have_left);
    if (!manners_.reconnects) {
        multiplexer_.fail_waiting(errc::not_connected, errc::lost);
        accepting_ = false;
    }
    if (retired_)
        multiplexer_.fail_waiting(errc::not_connected, errc::not_connected);
    gone_.cancel();
    tell_of_the_loss(had->at(), sentence);
    problem_ = std::move(sentence);
    attempt([this] { post_turn(); }); // otherwise the next connection turns
}

// A tracking that does not hear that a connection went listens to more than it need.
void pipeline::tell_of_the_loss(const address& at, const std::string& sentence) noexcept {
    if (!sentence.empty()) {
        ++common_->losses;
        common_->count.lost();
    }
    try {
        if (manners_.shared)
            common_->present.tell_that_it_went(at);
        if (sentence.empty())
            return;
        common_->note(sentence);
        telemetry::log(level::warn, "redis", "connection lost", {{"server", server_}, {"why", sentence}});
    } catch (const std::exception&) {
    }
}

void pipeline::connect_anew(std::string why) {
    if (!link_)
        opening_.server_has_moved();
    drop_link(errc::lost, std::move(why));
}

void pipeline::leave_unless_at(const address& there) {
    if (!link_)
        opening_.server_has_moved();
    if (link_ && link_->at() != there)
        drop_link(errc::lost, "the master is at " + to_string(there) + " now");
}

void pipeline::leave_if_elsewhere(const address& there) {
    if (!link_ || link_->at() == there)
        return;
    leaving_ = "changes are told from " + to_string(there);
    post_turn();
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
    else
        multiplexer_.fail_who_may_go_anywhere(errc::not_connected);
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
    opening_.close();
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

// --- Whether it lives ------------------------------------------------------------------------------------------------

void pipeline::look_at_the_clock() {
    const auto self = shared_from_this();
    if (common_->let_go)
        return close();
    const auto at = now();
    const bool is_there = link_ && readiness_.is_ready();
    multiplexer_.expire(at, is_there ? make_error_code(infra::errc::timed_out) : make_error_code(errc::not_connected));
    if (link_ && !manners_.blocking) {
        switch (vitals_.judge(at, multiplexer_.answer_is_due(), link_->writing())) {
        case vitals::verdict::well: break;
        case vitals::verdict::ask: ask_whether_it_lives(at); break;
        case vitals::verdict::dead: drop_link(errc::lost, "the server is silent while it owes an answer"); break;
        }
    }
    turn();
}

void pipeline::prepare_ping(steady_time at) {
    if (!ping_)
        ping_.emplace("PING");
    pinging_.emplace(*this, std::span(&*ping_, 1), std::span(&pong_, 1),
                     deadline::after(common_->settings().response_timeout, at), at);
}

void pipeline::ask_whether_it_lives(steady_time at) {
    if (!readiness_.is_ready())
        return ask_whether_it_is_ready(at);
    const auto ask = [&] {
        prepare_ping(at);
        multiplexer_.add(*pinging_);
    };
    if (!attempt(ask))
        drop_link(errc::lost, "no memory");
}

// --- Its end in peace ------------------------------------------------------------------------------------------------

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
