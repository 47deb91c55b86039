#include "shard_listeners.hpp"

#include "redirect.hpp"
#include "slot.hpp"
#include "subscriber.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {

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
        for (auto& [node, what] : self->unplaced(to))
            co_await self->place(node, what, limit);
        const bool all_placed = std::ranges::all_of(to, [&](const auto& each) { return self->placed_.contains(each); });
        if (all_placed)
            co_return;
        self->common_->cluster->refresh();
        const auto wait = policy.decide(redirection::kind::down, random_01()).wait;
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
    for (const auto& each : all_.remove(id)) {
        take_off(each);
        lost_.erase(each);
    }
    close_unused();
}

// --- Where what is heard ---------------------------------------------------------------------------------------------

// What nobody has the slot of waits.
shard_listeners::by_node shard_listeners::unplaced(const std::vector<interest>& among) const {
    by_node out;
    const auto map = common_->cluster->current();
    for (const auto& each : among)
        if (const auto* const owner = map->owner(slot_of(each.name)); owner && !placed_.contains(each))
            out[*owner].push_back(each);
    return out;
}

shard_listeners::ear_ptr shard_listeners::ear_at(const address& node) {
    throw_if_closed();
    auto& found = ears_[node];
    if (!found) {
        const auto weak = weak_from_this();
        const auto with_self = [weak](auto what) {
            if (const auto self = weak.lock())
                what(*self);
        };
        found = std::make_shared<ear>(
            executor_, common_,
            ear_events{
                .on_message = [with_self](const interest& through,
                                          const message& m) { with_self([&](auto& self) { self.heard(through, m); }); },
                .on_taken_off =
                    [with_self](const interest& what) { with_self([&](auto& self) { self.displace(what); }); },
                .on_again = [with_self, node] { with_self([&](auto& self) { self.displace_all_at(node); }); }},
            node);
    }
    return found;
}

// Throws only what no other attempt would mend. What was confirmed on a connection that is gone already is not heard on
// the next, and is asked for once more.
awaitable<void> shard_listeners::place(address node, std::vector<interest> what, deadline limit) {
    const auto through = ear_at(node);
    std::vector<command> commands;
    for (const auto& each : what)
        commands.push_back(subscribe_to(each));
    const auto soon = deadline::after(common_->settings().response_timeout, common_->time().steady());
    try {
        const auto said = co_await through->say(std::move(commands), earlier(limit, soon));
        const auto now = ears_.find(node);
        if (said.on_one_connection && now != ears_.end() && now->second == through)
            take_up(node, what, said.replies);
    } catch (const error& e) {
        const bool is_passing = e.code() == errc::not_connected || may_have_been_executed(e.code()) ||
                                (e.code() == infra::errc::closed && !closed_);
        if (!is_passing)
            throw;
    }
}

// What is refused keeps nothing else from being heard.
void shard_listeners::take_up(const address& node, const std::vector<interest>& what,
                              const std::vector<reply>& replies) {
    const reply* refusal = nullptr;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const auto told = common_->cluster->heed(replies[i], node, subscribe_to(what[i]));
        if (told.type != redirection::kind::none)
            continue;
        if (!replies[i].is_error())
            placed(node, what[i]);
        else if (!refusal)
            refusal = &replies[i];
    }
    if (refusal)
        throw_if_error(*refusal);
}

void shard_listeners::placed(const address& node, const interest& what) {
    if (all_.listeners(what).empty()) { // who wanted it has left meanwhile
        ear_at(node)->murmur({unsubscribe_from(what)});
        return close_unused();
    }
    placed_[what] = node;
    if (lost_.erase(what) > 0)
        tell_resumed(what);
}

bool shard_listeners::take_off(const interest& what) {
    const auto at = placed_.find(what);
    if (at == placed_.end())
        return false;
    if (const auto found = ears_.find(at->second); found != ears_.end())
        found->second->murmur({unsubscribe_from(what)});
    placed_.erase(at);
    return true;
}

void shard_listeners::displace(const interest& what) {
    if (!take_off(what))
        return;
    lost_.insert(what);
    begin_to_settle();
}

void shard_listeners::displace_all_at(const address& node) {
    for (auto it = placed_.begin(); it != placed_.end();) {
        if (it->second == node) {
            lost_.insert(it->first);
            it = placed_.erase(it);
        } else {
            ++it;
        }
    }
    begin_to_settle();
}

void shard_listeners::map_changed() {
    const auto map = common_->cluster->current();
    std::vector<interest> moved;
    for (const auto& [what, node] : placed_)
        if (const auto* const owner = map->owner(slot_of(what.name)); owner && *owner != node)
            moved.push_back(what);
    for (const auto& each : moved)
        displace(each);
    close_unused();
}

void shard_listeners::close_unused() {
    std::unordered_set<address, address_hash> used;
    for (const auto& [what, node] : placed_)
        used.insert(node);
    if (const auto map = common_->cluster->current())
        for (const auto& [node, what] : unplaced(all_.all()))
            used.insert(node);
    std::erase_if(ears_, [&](const auto& each) {
        const bool unused = !used.contains(each.first);
        if (unused)
            each.second->close();
        return unused;
    });
}

// --- Until all is heard again ----------------------------------------------------------------------------------------

void shard_listeners::begin_to_settle() {
    if (closed_ || std::exchange(settling_, true))
        return;
    const context_scope nobodys{context()};
    asio::co_spawn(executor_, settle(),
                   asio::bind_cancellation_slot(
                       stop_.slot(), [self = shared_from_this()](std::exception_ptr) { self->settling_ = false; }));
}

awaitable<void> shard_listeners::settle() {
    const auto self = shared_from_this();
    redirect_policy policy;
    while (!lost_.empty() && !closed_) {
        for (auto& [node, what] : unplaced({lost_.begin(), lost_.end()}))
            co_await place_again(node, what);
        if (lost_.empty() || closed_)
            break;
        common_->cluster->refresh();
        co_await common_->time().sleep_for(policy.decide(redirection::kind::down, random_01()).wait);
    }
    close_unused();
}

awaitable<void> shard_listeners::place_again(address node, std::vector<interest> what) {
    try {
        co_await place(node, std::move(what), deadline::never());
    } catch (const error& e) {
        if (!closed_)
            complain(common_->troubles, "cannot subscribe again", to_string(node), in_brief(e.what()),
                     common_->time().steady());
    }
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
