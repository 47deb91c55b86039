#include "subscriber.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

std::size_t size_of(const message& m) { return sizeof m + m.channel.size() + m.pattern.size() + m.payload.size(); }

} // namespace

void subscription_state::deliver(message m) {
    const auto size = size_of(m);
    const bool fits = bytes_ + size <= max_bytes_ || bytes_ == 0;
    bytes_ += size; // before the reader can take it off
    if (fits && box.post(std::move(m)))
        return;
    bytes_ -= size;
    ++missed;
}

awaitable<std::vector<message>> subscription_state::receive() {
    auto all = co_await box.receive();
    for (const auto& each : all)
        bytes_ -= size_of(each);
    co_return all;
}

awaitable<void> subscription_state::add(std::shared_ptr<subscription_state> self, subscribe_request more,
                                        std::optional<deadline> limit) {
    const auto home = self->home_.lock();
    const auto at = self->at_.lock();
    if (!home || !at)
        throw error(infra::errc::closed, "the Redis client was stopped");
    const auto by = limit ? *limit : deadline::after(at->default_deadline(), at->time().steady());
    const std::function<awaitable<bool>()> make = [at, self, more = std::move(more), by] {
        return subscriber::add(at, self, more, by);
    };
    co_await home->call(make, by);
}

void subscription_state::remove(subscribe_request less) const {
    if (const auto home = home_.lock())
        home->post([at = at_, id = id, less = std::move(less)] {
            if (const auto there = at.lock())
                there->remove(id, less);
        });
}

// Whoever lets go of it last: the handle, or, when a cancelled caller never got one, what was on its way to him.
subscription_state::~subscription_state() {
    box.close();
    if (const auto home = home_.lock())
        home->post([at = at_, id = id] {
            if (const auto there = at.lock())
                there->unsubscribe(id);
        });
}

awaitable<std::shared_ptr<subscription_state>>
subscriber::subscribe(std::shared_ptr<subscriber> self, subscribe_request request, executor reader, deadline limit) {
    if (self->closed_)
        throw error(infra::errc::closed, "the Redis client was stopped");
    const auto made = std::make_shared<subscription_state>(reader, request, self->next_id_++, self->lane_, self);
    try {
        self->listeners_[made->id] = made;
        co_await self->listen(made, self->sort(request), limit);
    } catch (...) {
        self->unsubscribe(made->id);
        throw;
    }
    co_return made;
}

awaitable<bool> subscriber::add(std::shared_ptr<subscriber> self, std::shared_ptr<subscription_state> to,
                                subscribe_request more, deadline limit) {
    if (self->closed_)
        throw error(infra::errc::closed, "the Redis client was stopped");
    try {
        co_await self->listen(to, self->sort(more), limit);
    } catch (...) {
        self->remove(to->id, more);
        throw;
    }
    co_return true;
}

subscriber::sorted subscriber::sort(const subscribe_request& request) const {
    sorted out;
    for (auto& each : interests_of(request))
        (shards_ && each.kind == channel_kind::shard ? out.there : out.here).push_back(std::move(each));
    return out;
}

awaitable<void> subscriber::listen(std::shared_ptr<subscription_state> who, sorted to, deadline limit) {
    const auto self = shared_from_this();
    all_.add(who->id, to.here);
    std::vector<command> commands;
    for (const auto& each : to.here)
        commands.push_back(subscribe_to(each));
    if (!commands.empty())
        co_await say(std::move(commands), limit);
    if (!to.there.empty())
        co_await shard_listeners::subscribe(shards_, who, std::move(to.there), limit);
}

awaitable<void> subscriber::say(std::vector<command> commands, deadline limit) {
    const auto self = shared_from_this();
    const auto through = ear_of_all();
    const auto said = co_await through->say(std::move(commands), limit);
    for (const auto& each : said.replies)
        throw_if_error(each);
}

// On the first connection everything is being said already.
const std::shared_ptr<ear>& subscriber::ear_of_all() {
    if (ear_)
        return ear_;
    const auto with_self = [weak = weak_from_this()](auto what) {
        if (const auto self = weak.lock())
            what(*self);
    };
    ear_ = std::make_shared<ear>(
        executor_, common_,
        ear_events{
            .on_message = [with_self](const interest& through,
                                      const message& m) { with_self([&](auto& self) { self.heard(through, m); }); },
            .on_taken_off = [with_self](const interest& what) { with_self([&](auto& self) { self.taken_off(what); }); },
            .on_again =
                [with_self] {
                    with_self([](auto& self) {
                        asio::co_spawn(self.executor_, self.say_all_again(), [](std::exception_ptr) {});
                    });
                }});
    return ear_;
}

awaitable<void> subscriber::say_all_again() {
    const auto self = shared_from_this();
    const auto through = ear_;
    std::vector<command> commands;
    for (const auto& each : all_.all())
        commands.push_back(subscribe_to(each));
    if (commands.empty() || !through)
        co_return;
    const auto connection = through->connection();
    try {
        co_await say(std::move(commands),
                     deadline::after(common_->settings().response_timeout, common_->time().steady()));
    } catch (const boost::system::system_error& e) {
        complain(common_->troubles, "cannot subscribe again", common_->server, in_brief(e.what()),
                 common_->time().steady());
        if (through == ear_ && connection == through->connection()) // otherwise the next one is at it already
            through->line().drop(std::string("cannot subscribe again: ") + in_brief(e.what()));
        co_return;
    }
    for (const auto id : all_.everybody())
        if (const auto each = listeners_[id].lock())
            each->deliver({.type = message::kind::resumed});
}

void subscriber::heard(const interest& through, const message& m) {
    for (const auto id : all_.listeners(through))
        if (const auto each = listeners_[id].lock())
            each->deliver(m);
}

// A server that moves a shard takes subscriptions off unasked: they have to be said again, and elsewhere.
void subscriber::taken_off(const interest& what) {
    if (ear_ && !all_.listeners(what).empty())
        ear_->line().drop("the server took a subscription off");
}

void subscriber::unsubscribe(std::uint64_t id) {
    listeners_.erase(id);
    if (shards_)
        shards_->unsubscribe(id);
    forget(all_.remove(id));
}

void subscriber::remove(std::uint64_t from, const subscribe_request& less) {
    const auto what = sort(less);
    if (shards_)
        shards_->unsubscribe(from, what.there);
    forget(all_.remove(from, what.here));
}

void subscriber::forget(const std::vector<interest>& unheard) {
    if (!ear_)
        return;
    if (all_.empty())
        return std::exchange(ear_, nullptr)->close();
    std::vector<command> commands;
    for (const auto& each : unheard)
        commands.push_back(unsubscribe_from(each));
    ear_->murmur(std::move(commands));
}

// Any node passes messages on, but one that has been sent away hears none.
void subscriber::map_changed() {
    shards_->map_changed();
    const auto map = common_->cluster->current();
    if (const auto* const at = ear_ ? ear_->line().peer() : nullptr; at && !map->has_master(*at))
        ear_->line().drop("the node is no master of the cluster any more");
}

void subscriber::close() {
    closed_ = true;
    for (const auto& [id, each] : listeners_)
        if (const auto state = each.lock())
            state->box.close();
    if (shards_)
        shards_->close();
    if (ear_)
        std::exchange(ear_, nullptr)->close();
}

} // namespace infra::redis::detail

namespace infra::redis {

subscription::subscription(std::shared_ptr<detail::subscription_state> of) noexcept : state_(std::move(of)) {}

subscription::~subscription() = default;

awaitable<std::vector<message>> subscription::receive() const { return state_->receive(); }

awaitable<void> subscription::add(subscribe_request more, std::optional<deadline> limit) const {
    return detail::subscription_state::add(state_, std::move(more), limit);
}

void subscription::remove(subscribe_request less) const { state_->remove(std::move(less)); }

std::uint64_t subscription::missed() const noexcept { return state_->missed; }

} // namespace infra::redis
