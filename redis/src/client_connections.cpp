// What a client does on connections of their own: blocking commands, sessions, subscriptions, tracking.

#include "client_state.hpp"
#include "command_table.hpp"
#include "exchange.hpp"
#include "refusal.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace infra::redis::detail {
namespace {

bool has_left_the_master(const reply& r, const command& c) {
    return refusal_in(r, c) == refusal::replica || r.error_message().starts_with("UNBLOCKED force unblock");
}

[[noreturn]] void refuse_without_server(const common& at, const command& c, const reply& last) {
    throw error(errc::not_connected, std::string(c.name()) + " at " + at.server +
                                         ": there was no server to wait at by the deadline (" +
                                         std::string(in_brief(last.error_message())) + ")");
}

} // namespace

awaitable<reply> client_state::wait_once(self s, command c, deadline room_by, deadline by) {
    const auto one = co_await s->sessions_->lease(room_by);
    const session own(one);
    std::vector<command> commands;
    commands.push_back(std::move(c));
    auto replies = co_await own_connection::execute(one, std::move(commands), false, by);
    co_return std::move(replies.front());
}

// A replica refuses it, and the connection to it ends: the master is looked for, and waited at for the rest of the time. So
// is a server that loads its data.
awaitable<reply> client_state::blocking(self s, command c, std::optional<deadline> limit) {
    using std::chrono::milliseconds;
    if (s->stopping_)
        co_await refuse_stopped();
    s->begin_to_watch();
    auto& time = s->common_->time();
    const auto began = time.steady();
    const auto by = limit_of_blocking(c, limit, s->common_->settings().default_deadline, began);
    const auto waits = *blocking_time(c);
    const auto room_by = [&](milliseconds left) { return by.is_never() ? by : deadline(by.time() - left); };
    auto r = co_await wait_once(s, c, room_by(waits), by);
    const auto waits_again = [&] {
        return is_not_ready(refusal_in(r, c)) || (s->common_->settings().sentinel && has_left_the_master(r, c));
    };
    for (int refusals = 1; waits_again(); ++refusals) {
        const std::chrono::nanoseconds wait =
            delay_before_retry(s->common_->settings().reconnect, refusals, random_01());
        co_await time.sleep_for(std::min(wait, by.remaining(time.steady())));
        const auto left = waits - std::chrono::duration_cast<milliseconds>(time.steady() - began);
        const bool endless = waits == milliseconds::zero();
        if (!endless && left <= milliseconds::zero())
            co_return reply(); // as if nothing had come
        if (by.passed(time.steady()))
            refuse_without_server(*s->common_, c, r);
        try {
            r = endless ? co_await wait_once(s, c, by, by)
                        : co_await wait_once(s, with_blocking_time(c, left), room_by(left), by);
        } catch (const error& e) {
            if (e.code() != errc::not_connected) // as long as there is none
                throw;
        }
    }
    co_return r;
}

awaitable<session> client_state::lease(self s, std::optional<deadline> limit) {
    if (s->stopping_)
        co_await refuse_stopped();
    if (s->common_->cluster)
        throw error(infra::errc::invalid_input,
                    "a session belongs to one node of the cluster; name a key with client::lease_for");
    s->begin_to_watch();
    const auto by = s->limit_of(limit);
    const auto one = co_await s->sessions_->lease(by);
    session own(one);
    co_await own_connection::until_ready(one, by);
    co_return own;
}

awaitable<subscription> client_state::subscribe(self s, subscribe_request request, std::optional<deadline> limit) {
    if (s->stopping_)
        co_await refuse_stopped();
    if (request.max_unread == 0)
        throw std::invalid_argument("redis::subscribe_request::max_unread must be at least 1");
    if (request.channels.empty() && request.patterns.empty() && request.shard_channels.empty())
        throw error(infra::errc::invalid_input, "a subscription names no channel and no pattern");
    const auto by = s->limit_of(limit);
    s->listened_ = true;
    s->begin_to_watch();
    const executor reader = co_await asio::this_coro::executor;
    const std::function<awaitable<std::shared_ptr<subscription_state>>()> make =
        [at = s->subscriber_, request, reader, by] { return subscriber::subscribe(at, request, reader, by); };
    co_return subscription(co_await s->lanes_.front()->call(make, by));
}

tracking client_state::track(track_request request, std::weak_ptr<change_listener> to) {
    if (stopping_)
        throw error(infra::errc::closed, "the Redis client was stopped");
    const auto made = trackers_->open(std::move(request), std::move(to));
    begin_to_watch();
    return tracking(std::make_shared<tracker_handle>(lanes_.front(), made));
}

} // namespace infra::redis::detail
