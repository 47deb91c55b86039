#include "shard_listeners.hpp"

#include "redirect.hpp"
#include "subscriber.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

// Whoever is sent on goes at once, but not for ever.
std::chrono::milliseconds before_next(redirect_policy& policy, bool moved) {
    const auto next = policy.decide(moved ? redirection::kind::moved : redirection::kind::down, random_01());
    return next.again ? next.wait : policy.decide(redirection::kind::down, random_01()).wait;
}

} // namespace

// --- One subscriber --------------------------------------------------------------------------------------------------

awaitable<void> shard_listeners::subscribe(std::shared_ptr<shard_listeners> self,
                                           std::shared_ptr<subscription_state> who, std::vector<interest> to,
                                           deadline limit) {
    self->throw_if_closed();
    self->all_.add(who->id, to);
    self->listeners_[who->id] = who;
    co_await self->common_->cluster->known(limit);
    redirect_policy policy;
    while (true) {
        self->throw_if_closed();
        bool moved = false;
        for (auto& [node, what] : self->places_.unheard(to, *self->common_->cluster->current()))
            moved |= co_await self->place(node, what, limit);
        if (std::ranges::all_of(to, [&](const auto& each) { return self->places_.is_heard(each); }))
            co_return;
        self->common_->cluster->refresh();
        const auto wait = before_next(policy, moved);
        if (limit.passed(saturating_add(self->common_->time().steady(), wait)))
            throw error(errc::not_connected,
                        self->common_->server + ": not all nodes have confirmed the subscription by the deadline");
        co_await self->common_->time().sleep_for(wait);
    }
}

void shard_listeners::throw_if_closed() const {
    if (closed_)
        throw error(infra::errc::closed, "the Redis client was stopped");
}

void shard_listeners::unsubscribe(std::uint64_t id) {
    listeners_.erase(id);
    forget(all_.remove(id));
}

void shard_listeners::unsubscribe(std::uint64_t id, const std::vector<interest>& from) {
    forget(all_.remove(id, from));
}

void shard_listeners::forget(const std::vector<interest>& unheard) {
    for (const auto& each : unheard)
        if (const auto at = places_.forget(each))
            if (const auto found = ears_.find(*at); found != ears_.end())
                found->second->murmur({unsubscribe_from(each)});
    close_unused();
}

// --- Where what is heard ---------------------------------------------------------------------------------------------

shard_listeners::ear_ptr shard_listeners::ear_at(const address& node) {
    throw_if_closed();
    auto& found = ears_[node];
    if (!found)
        found = std::make_shared<ear>(executor_, common_, events_of(node), node);
    return found;
}

// What a node has taken off it need not be told.
ear_events shard_listeners::events_of(const address& node) {
    const auto with_self = [weak = weak_from_this()](auto what) {
        if (const auto self = weak.lock())
            what(*self);
    };
    return {.on_message = [with_self](const interest& through,
                                      const message& m) { with_self([&](auto& self) { self.heard(through, m); }); },
            .on_taken_off =
                [with_self, node](const interest& what) {
                    with_self([&](auto& self) {
                        self.places_.took_off(node, what);
                        self.begin_to_settle();
                    });
                },
            .on_again =
                [with_self, node] {
                    with_self([&](auto& self) {
                        self.places_.lost_connection(node);
                        self.begin_to_settle();
                    });
                }};
}

// True when somebody else was named. Throws only what no other attempt would mend. What was confirmed on a connection
// that is gone already is not heard on the next, and is asked for once more.
awaitable<bool> shard_listeners::place(address node, std::vector<interest> what, deadline limit) {
    const auto through = ear_at(node);
    std::vector<command> commands;
    for (const auto& each : what)
        commands.push_back(subscribe_to(each));
    const shard_places::question asked(places_, node, std::move(what));
    const auto soon = deadline::after(common_->settings().response_timeout, common_->time().steady());
    try {
        const auto said = co_await through->say(std::move(commands), earlier(limit, soon));
        const auto now = ears_.find(node);
        if (said.on_one_connection && now != ears_.end() && now->second == through)
            co_return take_up(asked, node, said.replies);
    } catch (const error& e) {
        const bool is_passing = e.code() == errc::not_connected || may_have_been_executed(e.code()) ||
                                (e.code() == infra::errc::closed && !closed_);
        if (!is_passing)
            throw;
    }
    co_return false;
}

// What is refused keeps nothing else from being heard.
bool shard_listeners::take_up(const shard_places::question& asked, const address& node,
                              const std::vector<reply>& replies) {
    const reply* refusal = nullptr;
    bool moved = false;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const auto& each = asked.what()[i];
        const auto told = common_->cluster->heed(replies[i], node, subscribe_to(each));
        moved |= told.type == redirection::kind::moved;
        if (told.type != redirection::kind::none)
            continue;
        if (!replies[i].is_error())
            confirmed(asked, node, each);
        else if (!refusal)
            refusal = &replies[i];
    }
    begin_to_settle(); // the map may have changed since it was asked
    if (refusal)
        throw_if_error(*refusal);
    return moved;
}

void shard_listeners::confirmed(const shard_places::question& asked, const address& node, const interest& what) {
    if (all_.listeners(what).empty()) { // who wanted it has left meanwhile
        ear_at(node)->murmur({unsubscribe_from(what)});
        return close_unused();
    }
    if (places_.confirm(asked, what) == shard_places::effect::resumed)
        tell_resumed(what);
}

void shard_listeners::map_changed() {
    begin_to_settle();
    close_unused();
}

void shard_listeners::close_unused() {
    const auto map = common_->cluster->current();
    const auto asked = map ? places_.to_ask(*map) : shard_places::by_node();
    const auto wanted = map ? places_.unheard(all_.all(), *map) : shard_places::by_node();
    std::erase_if(ears_, [&](const auto& each) {
        const auto& node = each.first;
        const bool used = places_.is_in_use(node) || asked.contains(node) || wanted.contains(node);
        if (!used)
            each.second->close();
        return !used;
    });
}

// --- Until all is heard again ----------------------------------------------------------------------------------------

bool shard_listeners::is_settled() const {
    const auto map = common_->cluster->current();
    return !map || places_.is_settled(*map);
}

void shard_listeners::begin_to_settle() {
    if (closed_ || is_settled() || std::exchange(settling_, true))
        return;
    const context_scope nobodys{context()};
    asio::co_spawn(executor_, settle(), asio::bind_cancellation_slot(stop_.slot(), [](std::exception_ptr) {}));
}

// Whoever finds it at work may rely on it: between its last look and its end nothing else happens.
awaitable<void> shard_listeners::settle() {
    const auto self = shared_from_this();
    const struct until_it_ends {
        bool& settling;
        ~until_it_ends() { settling = false; }
    } at_work{settling_};
    redirect_policy policy;
    while (!closed_ && !is_settled()) {
        const bool moved = co_await place_all_again();
        if (closed_ || is_settled())
            break;
        common_->cluster->refresh();
        co_await common_->time().sleep_for(before_next(policy, moved));
    }
    close_unused();
}

awaitable<bool> shard_listeners::place_all_again() {
    bool moved = false;
    for (auto& [node, what] : places_.to_ask(*common_->cluster->current()))
        moved |= co_await place_again(node, what);
    co_return moved;
}

awaitable<bool> shard_listeners::place_again(address node, std::vector<interest> what) {
    try {
        co_return co_await place(node, std::move(what), deadline::never());
    } catch (const std::exception& e) {
        if (!closed_)
            complain(common_->troubles, "cannot subscribe again", to_string(node), in_brief(e.what()),
                     common_->time().steady());
    }
    co_return false;
}

void shard_listeners::heard(const interest& through, const message& m) {
    for (const auto id : all_.listeners(through))
        if (const auto each = listeners_[id].lock())
            each->deliver(m);
}

void shard_listeners::tell_resumed(const interest& what) {
    for (const auto id : all_.listeners(what))
        if (const auto each = listeners_[id].lock())
            each->deliver({.type = message::kind::resumed});
}

void shard_listeners::close() {
    closed_ = true;
    for (const auto& [node, each] : ears_)
        each->close();
    ears_.clear();
    stop_.emit(asio::cancellation_type::terminal);
}

} // namespace infra::redis::detail
