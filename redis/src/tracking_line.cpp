#include "tracking_line.hpp"

#include "supervisor.hpp"

#include <infra/base/backoff.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {

namespace {

const backoff before_asking_again{.type = backoff::kind::exponential,
                                  .delay = std::chrono::milliseconds(250),
                                  .max = std::chrono::milliseconds(5000),
                                  .jitter = 0.2};

const std::string tells_nothing = "the server tells of no changes";

} // namespace

std::optional<invalidation> invalidation_in(const reply& r) {
    if (r.type() != reply::kind::push || r.items().size() != 2)
        return std::nullopt;
    const auto& verb = r.items()[0];
    const auto& what = r.items()[1];
    if (verb.type() != reply::kind::text || verb.as_text() != "invalidate")
        return std::nullopt;
    invalidation out{.all = what.type() != reply::kind::array};
    if (!out.all)
        for (const auto& each : what.items())
            if (each.type() == reply::kind::text)
                out.keys.push_back(each.as_text());
    return out;
}

command tracking_command(const std::vector<std::string>& prefixes) {
    command c{"CLIENT", "TRACKING", "ON", "BCAST"};
    if (std::ranges::find(prefixes, std::string()) == prefixes.end())
        for (const auto& each : prefixes)
            c.add("PREFIX").add(each);
    return c;
}

tracking_line::tracking_line(executor ex, std::shared_ptr<common> shared, std::vector<std::string> prefixes,
                             tracking_events events, std::optional<address> at)
    : executor_(std::move(ex)),
      common_(std::move(shared)),
      prefixes_(std::move(prefixes)),
      events_(std::move(events)),
      pipeline_(
          std::make_shared<pipeline>(executor_, common_, pipeline_manners{.shared = false, .at = std::move(at)})) {}

void tracking_line::begin() {
    const auto weak = weak_from_this();
    pipeline_->on_push = [weak](reply& r) {
        const auto heard = invalidation_in(r);
        if (const auto self = weak.lock(); self && heard && !self->closed_)
            self->events_.on_change(*heard);
        return heard.has_value();
    };
    const auto call = [weak](void (tracking_line::*member)()) {
        return [weak, member] {
            if (const auto self = weak.lock(); self && !self->closed_)
                ((*self).*member)();
        };
    };
    keep_connected(pipeline_, call(&tracking_line::on_attach), call(&tracking_line::on_detach));
}

void tracking_line::close() {
    closed_ = true;
    hears_ = false;
    stop_asking();
    pipeline_->close();
}

void tracking_line::on_attach() {
    const auto* const facts = pipeline_->facts();
    if (facts && facts->protocol < 3)
        return complain_of("it speaks RESP2");
    begin_to_ask(tracking_command(prefixes_));
}

// What was not sent in time is not to be said on the next connection, which has been asked by then: the server takes the
// same prefixes once.
void tracking_line::on_detach() {
    stop_asking();
    set_hearing(false);
}

void tracking_line::doubt() {
    ++doubts_;
    if (resting_)
        return begin_to_ask(due_);
    if (!hears_)
        return;
    begin_to_ask(command("PING"));
    set_hearing(false);
}

void tracking_line::begin_to_ask(command words) {
    stop_asking();
    due_ = std::move(words);
    const auto stop = stop_ = std::make_shared<asio::cancellation_signal>();
    asio::co_spawn(
        executor_, ask(),
        asio::bind_cancellation_slot(stop->slot(), [self = shared_from_this(), stop](std::exception_ptr problem) {
            if (problem && self->stop_ == stop) // no memory even to wait for it
                self->pipeline_->drop("the server cannot be asked whether it tells of changes");
        }));
}

void tracking_line::stop_asking() {
    resting_ = false;
    if (const auto stop = std::exchange(stop_, nullptr))
        stop->emit(asio::cancellation_type::terminal);
}

// Whatever it refuses for now, as it loads its data or runs a script, it is asked again as long as the connection is there,
// and so it is after each doubt.
awaitable<void> tracking_line::ask() {
    std::optional<std::uint64_t> answered; // doubts that there were when it was asked
    for (int refusals = 0; answered != doubts_;) {
        const auto asked = doubts_;
        if (co_await is_answered(due_)) {
            answered = asked;
            due_ = command("PING");
        } else {
            resting_ = true;
            co_await common_->time().sleep_for(delay_before_retry(before_asking_again, ++refusals, random_01()));
            resting_ = false;
        }
    }
    if (!closed_ && pipeline_->attached()) // otherwise lost while the answer was on its way to us
        set_hearing(true);
}

awaitable<bool> tracking_line::is_answered(command words) {
    try {
        co_await say(std::move(words));
        co_return true;
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        complain_of(in_brief(e.what()));
        if (e.code() == errc::unanswered) // what else it says would keep the connection, and us deaf
            pipeline_->drop("the server does not say whether it tells of changes");
    } catch (const std::exception& e) { // no memory
        complain_of(e.what());
    }
    co_return false;
}

awaitable<void> tracking_line::say(command words) {
    const auto now = common_->time().steady();
    reply r;
    waiter w(*pipeline_, {&words, 1}, {&r, 1}, deadline::after(common_->settings().response_timeout, now), now);
    co_await w.done();
    w.throw_failure();
    throw_if_error(r);
}

void tracking_line::set_hearing(bool hears) {
    if (std::exchange(hears_, hears) == hears)
        return;
    if (hears)
        common_->troubles.mended(tells_nothing, pipeline_->server());
    events_.on_hearing();
}

void tracking_line::complain_of(const std::string& why) const {
    complain(common_->troubles, tells_nothing, pipeline_->server(), why, common_->time().steady());
}

} // namespace infra::redis::detail
