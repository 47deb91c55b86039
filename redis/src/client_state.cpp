#include "client_state.hpp"

#include "command_table.hpp"
#include "exchange.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>
#include <utility>

namespace infra::redis::detail {
namespace {

std::shared_ptr<common> make_common(const options& to, clock& time) {
    validate(to);
    return std::make_shared<common>(to, time);
}

std::vector<std::shared_ptr<lane>> make_lanes(std::vector<executor> loops, const std::shared_ptr<common>& shared) {
    if (loops.empty())
        throw std::invalid_argument("redis::client: loops must have at least one executor");
    std::vector<std::shared_ptr<lane>> out;
    for (auto& each : loops)
        out.push_back(std::make_shared<lane>(std::move(each), shared));
    return out;
}

} // namespace

client_state::client_state(std::vector<executor> loops, const options& to, clock& time)
    : common_(make_common(to, time)),
      lanes_(make_lanes(std::move(loops), common_)),
      sessions_(std::make_shared<session_pool>(common_)),
      subscriber_(std::make_shared<subscriber>(lanes_.front(), common_)),
      watch_(to.sentinel ? std::make_shared<sentinel_watch>(lanes_.front(), to, time) : nullptr),
      trackers_(std::make_shared<trackers>(lanes_, common_)) {
    common_->present.tell([weak = std::weak_ptr(trackers_)](const address& at, presence::change what) {
        if (const auto told = weak.lock())
            told->hear_of(at, what);
    });
    if (common_->cluster)
        watch_cluster();
}

pipeline& client_state::use(lane& l) {
    begin_to_watch();
    return l.use();
}

void client_state::begin_to_watch() {
    if (watch_ && !watch_->begun())
        watch_->begin([weak = weak_from_this()](const address& to, const address* by) {
            if (const auto self = weak.lock())
                self->master_moved(to, by);
        });
}

// Which its own mail cannot outlive, here as in rest().
void client_state::master_moved(const address& to, const address* by) {
    if (by)
        common_->connect.believe(*by); // the others may learn of it later
    for (const auto& each : lanes_)
        if (each->used())
            each->post([raw = each.get(), to] { raw->line().leave_unless_at(to); });
    lanes_.front()->post([at = subscriber_, to] { at->leave_unless_at(to); });
    trackers_->leave_unless_at(to);
    sessions_->leave_unless_at(to);
}

lane* client_state::lane_on(const executor& ex) const noexcept {
    for (const auto& each : lanes_)
        if (each->get_executor() == ex)
            return each.get();
    return nullptr;
}

const client_state::lane_ptr& client_state::any_lane() noexcept {
    return lanes_[turn_.fetch_add(1, std::memory_order_relaxed) % lanes_.size()];
}

deadline client_state::limit_of(std::optional<deadline> limit) const {
    return limit.value_or(deadline::after(common_->settings().default_deadline, common_->time().steady()));
}

// Not at once: whoever tries again in a loop would keep his own from turning.
awaitable<void> client_state::refuse_stopped() {
    co_await asio::post(asio::use_awaitable);
    throw error(infra::errc::closed, "the Redis client was stopped");
}

// --- Commands -------------------------------------------------------------------------------------------------------

// No coroutine itself, so that it may take what is moved on as a reference.
awaitable<reply> client_state::one(self s, command&& c, std::optional<deadline> limit) {
    if (s->common_->cluster)
        return one_of_cluster(std::move(s), std::move(c), limit);
    const bool ordinary = lane_of(c) == lane_of_travel::shared && !c.source();
    return ordinary ? plain(std::move(s), std::move(c), limit) : special(std::move(s), std::move(c), limit);
}

// The way of nearly everything. Asio recycles the frames of coroutines up to 1 KiB, so what is rare has frames of its own.
awaitable<reply> client_state::plain(self s, command c, std::optional<deadline> limit) {
    if (s->stopping_)
        co_await refuse_stopped();
    const auto asked = s->common_->time().steady();
    const auto by = limit.value_or(deadline::after(s->common_->settings().default_deadline, asked));
    auto* const here = s->lane_on(co_await asio::this_coro::executor);
    if (!here)
        co_return co_await from_afar(std::move(s), std::move(c), by);
    reply r;
    waiter w(s->use(*here), {&c, 1}, {&r, 1}, by, asked);
    co_await w.done();
    w.throw_failure();
    co_return r;
}

awaitable<reply> client_state::from_afar(self s, command c, deadline limit) {
    std::vector<command> commands;
    commands.push_back(std::move(c));
    auto replies = co_await on_any_lane(std::move(s), std::move(commands), false, limit);
    co_return std::move(replies.front());
}

awaitable<reply> client_state::special(self s, command c, std::optional<deadline> limit) {
    if (lane_of(c) == lane_of_travel::blocking)
        co_return co_await blocking(std::move(s), std::move(c), limit);
    refuse_unless_shared({&c, 1});
    const auto by = s->limit_of(limit);
    auto r = co_await plain(s, c, by);
    if (r.error_code() != "NOSCRIPT")
        co_return r;
    co_return co_await plain(std::move(s), in_full(c), by);
}

awaitable<std::vector<reply>> client_state::all(self s, batch b, std::optional<deadline> limit) {
    refuse_unless_shared(b.commands());
    if (s->stopping_)
        co_await refuse_stopped();
    if (b.empty())
        co_return std::vector<reply>();
    const auto by = s->limit_of(limit);
    std::vector<command> commands(b.commands().begin(), b.commands().end());
    if (s->common_->cluster)
        co_return co_await all_of_cluster(std::move(s), std::move(commands), by);
    co_return co_await with_scripts(std::move(s), std::move(commands), by);
}

awaitable<std::vector<reply>> client_state::with_scripts(self s, std::vector<command> commands, deadline limit) {
    auto replies = co_await on_any_lane(s, known_from_the_first(commands), false, limit);
    const auto unknown = unknown_scripts(commands, replies); // forgotten meanwhile
    if (unknown.empty())
        co_return replies;
    std::vector<command> again;
    for (const auto i : unknown)
        again.push_back(in_full(commands[i]));
    try {
        auto others = co_await on_any_lane(std::move(s), std::move(again), false, limit);
        for (std::size_t i = 0; i < unknown.size(); ++i)
            replies[unknown[i]] = std::move(others[i]);
    } catch (const boost::system::system_error& e) {
        throw partly_executed(e);
    }
    co_return replies;
}

awaitable<std::vector<reply>> client_state::transaction(self s, batch b, std::optional<deadline> limit) {
    refuse_in_transaction(b.commands());
    if (s->stopping_)
        co_await refuse_stopped();
    const auto by = s->limit_of(limit);
    auto commands = as_transaction(b.commands());
    auto replies = s->common_->cluster
                       ? co_await transaction_in_cluster(s, cluster_plan::transaction(b.commands(), commands), by)
                       : co_await on_any_lane(s, commands, true, by);
    auto result = result_of_transaction(commands, replies);
    if (!result)
        throw error(errc::server, "EXEC did nothing, though no key was watched");
    co_return std::move(*result);
}

awaitable<std::vector<reply>> client_state::on_any_lane(self s, std::vector<command> commands, bool atomic,
                                                        deadline limit) {
    if (auto* const here = s->lane_on(co_await asio::this_coro::executor))
        co_return co_await on_lane(s, here->shared_from_this(), std::move(commands), atomic, limit);
    const auto there = s->any_lane();
    const postage takes{.items = commands.size(), .bytes = encoded_size(commands)};
    const std::function<awaitable<std::vector<reply>>()> make = [weak = std::weak_ptr(s), on = std::weak_ptr(there),
                                                                 commands = std::move(commands), atomic, limit] {
        return on_lane(weak.lock(), on.lock(), commands, atomic, limit);
    };
    co_return co_await there->call(make, limit, takes);
}

awaitable<std::vector<reply>> client_state::on_lane(self s, lane_ptr on, std::vector<command> commands, bool atomic,
                                                    deadline limit) {
    if (!s)
        throw error(infra::errc::closed, "the Redis client was destroyed");
    std::vector<reply> replies(commands.size());
    waiter w(s->use(*on), commands, replies, limit, s->common_->time().steady());
    w.atomic = atomic;
    co_await w.done();
    w.throw_failure();
    co_return replies;
}

} // namespace infra::redis::detail
