#include "bell.hpp"

#include "scores.hpp"
#include "store.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

awaitable<void> send_rings(shared_store s, redis::batch what) {
    try {
        co_await s->carry_out(std::move(what));    // at the end, too
    } catch (const boost::system::system_error&) { // whoever waits elsewhere looks by himself before long
    }
}

} // namespace

void bell::listen_for(const shared_store& s, std::vector<std::string> queues) {
    wanted_ = std::move(queues);
    std::ranges::sort(wanted_);
    if (wanted_.empty() || closed_)
        return;
    if (listens_)
        poke_if_deaf_for_some(s);
    else
        start(s);
}

void bell::start(const shared_store& s) {
    listens_ = true;
    has_begun_ = false;
    stop_ = std::make_shared<asio::cancellation_signal>();
    // Kept to the very end: Asio touches the slot once more when the coroutine is over.
    auto ended = [kept = stop_](const std::exception_ptr&) {};
    asio::co_spawn(at_.ex, listen(s), asio::bind_cancellation_slot(stop_->slot(), std::move(ended)));
}

void bell::poke_if_deaf_for_some(const shared_store& s) {
    if (poked_ || blocked_.empty() || std::ranges::includes(blocked_, wanted_))
        return;
    send(s, {{"ZADD", poke_, 0, "0"}, {"PEXPIRE", poke_, poke_lasts.count()}});
    poked_ = true;
}

void bell::close() {
    closed_ = true;
    wanted_.clear();
    if (listens_ && has_begun_)
        stop_->emit(asio::cancellation_type::terminal);
}

awaitable<void> bell::listen(shared_store s) {
    has_begun_ = true;
    for (bool lost = false; !wanted_.empty() && !closed_;) {
        std::string problem;
        try {
            co_await listen_on_a_connection(s, lost);
        } catch (const boost::system::system_error& e) {
            problem = e.what();
        }
        if (problem.empty() || closed_)
            break;
        lost = true;
        telemetry::log(level::debug, "queue", "the connection on which new jobs are heard of was lost",
                       {{"server", s->server()}, {"why", problem}});
        co_await pause(s);
    }
    blocked_.clear();
    listens_ = false;
}

// Returns once nobody wants to hear more.
awaitable<void> bell::listen_on_a_connection(shared_store s, bool after_a_loss) {
    const auto own = co_await s->lease_for(wanted_.front());
    if (after_a_loss)
        to_.look(s); // what was rung since may have gone to the connection that was lost
    while (!wanted_.empty() && !closed_) {
        auto popped = co_await own.execute(command_for(*s));
        redis::throw_if_error(popped);
        if (popped.is_null())
            to_.look(s);
        else
            hear(s, std::move(popped));
    }
}

redis::command bell::command_for(const store& s) {
    blocked_ = wanted_;
    poked_ = false;
    poke_ = s.keys(blocked_.front()).ours("bell:" + s.process());
    redis::command c{"BZPOPMIN", poke_};
    for (const auto& each : blocked_)
        c.add(s.keys(each).of_queue("marker"));
    c.add(std::chrono::duration<double>(s.options().look_every).count());
    return c;
}

void bell::hear(const shared_store& s, redis::reply popped) {
    const auto parts = std::move(popped).take_items();
    const auto& key = parts.at(0).as_text();
    const auto of = std::ranges::find(blocked_, key, [&](const auto& q) { return s->keys(q).of_queue("marker"); });
    if (of == blocked_.end())
        return; // a poke
    const auto queue = *of;
    if (const auto due = marked_time(parts.at(1).as_text(), parts.at(2).as_real()))
        to_.told_of_due(s, queue, *due);
    else
        to_.rang(s, queue);
}

void bell::ring_again(const shared_store& s, std::string_view queue) {
    send(s, {{"ZADD", s->keys(queue).of_queue("marker"), 0, "0"}});
}

void bell::ring_again_later(const shared_store& s, std::string_view queue, wall_time at) {
    send(s, {{"ZADD", s->keys(queue).of_queue("marker"), to_unix_ms(at), "1"}});
}

void bell::send(const shared_store& s, redis::batch what) {
    what.again(redis::replay::idempotent);
    asio::co_spawn(at_.ex, send_rings(s, std::move(what)), [](const std::exception_ptr&) {});
}

awaitable<void> bell::pause(shared_store s) {
    try {
        co_await s->time().sleep_until(saturating_add(s->time().steady(), pause_after_loss));
    } catch (const boost::system::system_error&) { // told to end
    }
}

} // namespace infra::queue::redis_backend
