// What a client does otherwise where its server is a cluster.

#include "client_state.hpp"
#include "command_table.hpp"
#include "exchange.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/this_coro.hpp>

#include <functional>
#include <utility>

namespace infra::redis::detail {

template <class T>
awaitable<T> client_state::among_nodes(self s, std::function<awaitable<T>(lines_ptr)> make, deadline limit,
                                       postage takes) {
    if (auto* const here = s->lane_on(co_await asio::this_coro::executor))
        co_return co_await make(here->nodes());
    const auto there = s->any_lane();
    const std::function<awaitable<T>()> there_too = [make = std::move(make), nodes = there->nodes()] {
        return make(nodes);
    };
    co_return co_await there->call(there_too, limit, takes);
}

// Each loop sends on at once what waits for a node that has lost its slots.
void client_state::watch_cluster() {
    std::vector<std::weak_ptr<lane>> all(lanes_.begin(), lanes_.end());
    common_->cluster->work_on(
        lanes_.front(), [all = std::move(all), at = std::weak_ptr(subscriber_), trackings = std::weak_ptr(trackers_)] {
            if (const auto told = trackings.lock()) // first: nobody is to be sent where nobody listens
                told->look();
            for (const auto& each : all)
                if (const auto there = each.lock())
                    there->post([nodes = there->nodes()] { nodes->apply_map(); });
            if (const auto home = all.front().lock())
                home->post([at] {
                    if (const auto listens = at.lock())
                        listens->map_changed();
                });
        });
}

awaitable<reply> client_state::one_of_cluster(self s, command c, std::optional<deadline> limit) {
    if (lane_of(c) == lane_of_travel::blocking)
        co_return co_await blocking_in_cluster(std::move(s), std::move(c), limit);
    refuse_unless_shared({&c, 1});
    if (s->stopping_)
        co_await refuse_stopped();
    const auto by = s->limit_of(limit);
    if (auto* const here = s->lane_on(co_await asio::this_coro::executor))
        co_return co_await cluster_one(here->nodes(), std::move(c), by);
    const postage takes{.bytes = c.encoded_size()};
    const std::function make = [c = std::move(c), by](lines_ptr on) { return cluster_one(std::move(on), c, by); };
    co_return co_await among_nodes(std::move(s), make, by, takes);
}

awaitable<std::vector<reply>> client_state::all_of_cluster(self s, std::vector<command> commands, deadline limit) {
    const postage takes{.items = commands.size(), .bytes = encoded_size(commands)};
    const std::function make = [commands = std::move(commands), limit](lines_ptr on) {
        return cluster_all(std::move(on), commands, limit);
    };
    co_return co_await among_nodes(std::move(s), make, limit, takes);
}

awaitable<std::vector<reply>> client_state::transaction_in_cluster(self s, part all, deadline limit) {
    const postage takes{.items = all.what.size(), .bytes = encoded_size(all.what)};
    const std::function make = [all = std::move(all), limit](lines_ptr on) {
        return cluster_transaction(std::move(on), all, limit);
    };
    co_return co_await among_nodes(std::move(s), make, limit, takes);
}

awaitable<address> client_state::owner_of(self s, std::uint16_t slot, deadline limit) {
    const std::function make = [slot, limit](lines_ptr on) { return cluster_owner(std::move(on), slot, limit); };
    return among_nodes(std::move(s), make, limit);
}

awaitable<reply> client_state::wait_at(self s, address at, bool asking, command c, deadline room_by, deadline by) {
    const auto one = co_await s->sessions_->lease(room_by, std::move(at));
    const session own(one);
    std::vector<command> commands;
    if (asking)
        commands.emplace_back("ASKING");
    commands.push_back(std::move(c));
    auto replies = co_await own_connection::execute(one, std::move(commands), false, by);
    co_return std::move(replies.back());
}

// A node that loses the slot sends away who waits there; at the next he waits for the rest of his time.
awaitable<reply> client_state::blocking_in_cluster(self s, command c, std::optional<deadline> limit) {
    using std::chrono::milliseconds;
    if (s->stopping_)
        co_await refuse_stopped();
    const auto where = slots_of(c);
    if (where.crosses)
        refuse_crossing(c.name());
    auto& time = s->common_->time();
    const auto began = time.steady();
    const auto by = limit_of_blocking(c, limit, s->common_->settings().default_deadline, began);
    const auto waits = *blocking_time(c);
    redirect_policy policy;
    std::optional<address> ask;
    for (auto left = waits;;) {
        const auto room_by = by.is_never() ? by : deadline(by.time() - left);
        const bool asking = ask.has_value();
        const auto at = asking ? *ask : co_await owner_of(s, where.slot, room_by);
        auto r = co_await wait_at(s, at, asking, left == waits ? c : with_blocking_time(c, left), room_by, by);
        const auto told = s->common_->cluster->heed(r, at, c);
        const auto next = policy.decide(told.type, random_01());
        if (!next.again)
            co_return r;
        co_await time.sleep_for(next.wait);
        ask = told.type == redirection::kind::ask ? std::optional(told.to) : std::nullopt;
        if (waits == milliseconds::zero())
            continue;
        left = waits - std::chrono::duration_cast<milliseconds>(time.steady() - began);
        if (left <= milliseconds::zero())
            co_return reply(); // as if nothing had come
    }
}

awaitable<session> client_state::lease_for(self s, std::string key, std::optional<deadline> limit) {
    if (!s->common_->cluster)
        co_return co_await lease(std::move(s), limit);
    if (s->stopping_)
        co_await refuse_stopped();
    const auto by = s->limit_of(limit);
    auto at = co_await owner_of(s, slot_of(key), by);
    const auto one = co_await s->sessions_->lease(by, std::move(at));
    session own(one);
    co_await own_connection::until_ready(one, by);
    co_return own;
}

// --- One server after the other ------------------------------------------------------------------------------------

awaitable<std::vector<std::string>> client_state::masters(self s, std::optional<deadline> limit) {
    if (s->stopping_)
        co_await refuse_stopped();
    std::vector<std::string> out;
    if (!s->common_->cluster) {
        out.push_back(s->common_->server);
        co_return out;
    }
    co_await s->common_->cluster->known(s->limit_of(limit));
    const auto map = s->common_->cluster->current();
    for (const auto& each : map->masters())
        out.push_back(to_string(each));
    co_return out;
}

awaitable<reply> client_state::at_master(self s, std::string master, command c, std::optional<deadline> limit) {
    if (!s->common_->cluster) {
        if (master != s->common_->server)
            refuse_unknown(master);
        co_return co_await one(std::move(s), std::move(c), limit);
    }
    refuse_unless_shared({&c, 1});
    if (s->stopping_)
        co_await refuse_stopped();
    const auto by = s->limit_of(limit);
    const std::function make = [master, c, by](lines_ptr on) { return cluster_at(std::move(on), master, c, by); };
    co_return co_await among_nodes(std::move(s), make, by, {.bytes = c.encoded_size()});
}

awaitable<void> client_state::rest_of(lane_ptr l) {
    const promise<void> idle(co_await asio::this_coro::executor);
    if (l->post([nodes = l->nodes(), idle] { nodes->tell_when_idle(idle); }))
        co_await idle.get();
}

} // namespace infra::redis::detail
