// What a client is doing, and how it comes to its end.

#include "attempt.hpp"
#include "client_state.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

// What is late is left to itself.
awaitable<void> at_most(awaitable<void> what, deadline limit, clock& time) {
    try {
        co_await with_deadline(std::move(what), limit, time);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
}

} // namespace

client_status client_state::status() const {
    return {.server = common_->server,
            .connections = common_->shared_up,
            .expected = common_->shared_expected,
            .sessions = sessions_->open(),
            .commands = common_->commands,
            .reconnects = common_->losses,
            .last_problem = common_->last_problem(),
            .not_ready = common_->shared_not_ready};
}

awaitable<void> client_state::rest(self s) {
    co_await s->sessions_->all_returned();
    for (const auto& each : s->lanes_) {
        if (each->nodes())
            co_await rest_of(each);
        if (!each->used())
            continue;
        const promise<void> idle(co_await asio::this_coro::executor);
        if (each->post([raw = each.get(), idle] { // which its own mail cannot outlive
                raw->line().stop_accepting();
                raw->line().tell_when_idle(idle);
            }))
            co_await idle.get();
    }
}

awaitable<void> client_state::all_ended(self s) {
    for (const auto& each : s->lanes_)
        co_await each->ended();
}

awaitable<void> client_state::stop(self s, deadline limit) {
    constexpr auto to_close = std::chrono::milliseconds(200); // takes each loop a turn, unless it stands still
    auto& time = s->common_->time();
    s->stopping_ = true;
    s->sessions_->stop_accepting();
    co_await at_most(rest(s), limit, time);
    s->let_go();
    co_await at_most(all_ended(s), deadline::after(to_close, time.steady()), time);
}

// Whom there is no memory to tell finds out by common::let_go.
void client_state::let_go() noexcept {
    stopping_ = common_->let_go = true;
    sessions_->close_all();
    if (listened_)
        attempt([this] { lanes_.front()->post([at = subscriber_] { at->close(); }); });
    if (watch_)
        watch_->close();
    if (common_->cluster)
        common_->cluster->close();
    trackers_->close();
    for (const auto& each : lanes_)
        each->let_go();
}

} // namespace infra::redis::detail
