#include "hub_state.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::realtime::detail {
namespace {

const std::shared_ptr<const identity>& nobody() {
    static const auto one = std::make_shared<const identity>();
    return one;
}

auto seat_of(const client& who, const channel* in) {
    return std::ranges::find(who.channels, in, [](const auto& each) { return each->of.get(); });
}

envelope make_envelope(const message& sent, const publish_options& how) {
    return {.what = sent, .key = how.key, .except = how.except, .idempotency_key = how.idempotency_key, .ttl = how.ttl};
}

awaitable<void> disconnect_everywhere(std::shared_ptr<broker> with, std::string user, close_code code) {
    co_await with->disconnect_everywhere(std::move(user), code);
}

/// The span of one publication; its facts are written only where they are recorded.
class publishing {
public:
    explicit publishing(std::string_view channel) : span_("realtime publish", span_kind::producer) {
        if (span_.recording())
            span_.set({{"messaging.destination.name", channel}, {"messaging.operation.name", "publish"}});
    }
    publication done(publication is) {
        if (span_.recording())
            span_.set({{"realtime.subscribers", is.subscribers}, {"realtime.duplicate", is.duplicate}});
        return is;
    }

private:
    telemetry::span span_;
};

} // namespace

hub_state::hub_state(hub_options o, lane_bounds bounds)
    : options(checked(std::move(o))),
      requests(options.limits.max_pending_requests),
      rooms(options.channels, options.limits.max_channels),
      counts(options.name),
      time_(options.time ? options.time : &real_clock()),
      keys_(options.limits.max_idempotency_keys),
      bounds_(bounds),
      on_(options.on) {
    if (options.broker)
        others = std::make_unique<broker_side>(*this, options.broker);
}

// Nobody is left who could publish or subscribe, but loops may still be delivering: their lanes outlive the hub for so long.
hub_state::~hub_state() {
    close_all(close_code::going_away);
    living->over.set();
}

void hub_state::close_all(close_code code) {
    for (const auto& each : clients.all()) // of shutdown, the reason says when to come back: not all at once
        close(each, code, code == close_code::shutdown ? std::to_string(random_u64() % 2'000) : "the hub has gone");
}

std::size_t hub_state::close_user(std::string_view user, close_code code) {
    std::size_t closed = 0;
    for (const auto& each : clients.of_user(user))
        closed += close(each, code, "");
    return closed;
}

executor hub_state::work_executor() {
    const std::scoped_lock lock(mutex_);
    if (!on_)
        on_ = default_executor();
    return *on_;
}

executor hub_state::executor_of(const client& who) {
    const auto group = who.socket->group();
    return group ? group->get_executor() : work_executor();
}

// --- clients ---

std::shared_ptr<lane> hub_state::lane_of(const std::shared_ptr<connection_group>& group) {
    const std::scoped_lock lock(mutex_);
    if (!group) {
        if (!ungrouped_)
            ungrouped_ = std::make_shared<lane>(weak_from_this(), nullptr, bounds_);
        return ungrouped_;
    }
    std::erase_if(lanes_, [](const auto& each) { return each.second.expired(); });
    auto found = lanes_[group.get()].lock();
    if (!found || found->group() != group) { // another group was at this address
        found = std::make_shared<lane>(weak_from_this(), group, bounds_);
        lanes_[group.get()] = found;
    }
    return found;
}

std::optional<close_code> hub_state::admit(const std::shared_ptr<client>& who) {
    if (living->stopping.is_set())
        return close_code::service_restart;
    who->on = lane_of(who->socket->group());
    who->since = time_->wall();
    who->has_session = who->session != nullptr;
    if (!who->who)
        who->who = nobody();
    while (true) {
        const auto refused = clients.add(who, options.limits);
        if (!refused)
            return counts.client_came(), tell_connected(*who), std::nullopt;
        if (refused != close_code::replaced)
            return refused;
        if (const auto old = clients.find(who->id))
            close(old, close_code::replaced, "another connection has this client's id");
    }
}

bool hub_state::remove(const std::shared_ptr<client>& who, close_code code) { return take_out(who, code, {}); }

bool hub_state::close(const std::shared_ptr<client>& who, close_code code, std::string_view reason) {
    return take_out(who, code, std::string(reason));
}

bool hub_state::take_out(const std::shared_ptr<client>& who, close_code code, std::optional<std::string> reason) {
    auto leavings = clients.remove(who);
    if (!leavings)
        return false;
    counts.client_left();
    for (const auto& each : leavings->channels)
        each->of->detach(each, now());
    who->on->post(farewell{who, std::move(leavings->session), code, std::move(reason)});
    for (const auto& each : leavings->channels)
        left(*each->of, *who);
    who->on->wake();
    requests.client_gone(who->id);
    tell_disconnected(*who, code);
    return true;
}

// A session tells in its client's turn. The executor is asked for only where somebody listens, since it may start the default loops.
void hub_state::tell_connected(const client& who) {
    if (!who.has_session && !handlers.now()->connected.empty())
        handlers.connected(who.id, executor_of(who));
}

void hub_state::tell_disconnected(const client& who, close_code code) {
    if (!who.has_session && !handlers.now()->disconnected.empty())
        handlers.disconnected(who.id, code, executor_of(who));
}

void hub_state::send(const std::shared_ptr<client>& to, frame what, bool here) {
    to_clients item{{to}, std::move(what)};
    if (item.what.facts().control)
        to->on->post(std::move(item));
    else if (!to->on->offer(std::move(item))) {
        counts.inbox_full(1);
        close(to, close_code::lost_place, "its loop does not keep up");
        return;
    }
    here ? to->on->drain_here() : to->on->wake();
}

void hub_state::broadcast(frame what) {
    std::vector<std::pair<std::shared_ptr<lane>, std::vector<std::shared_ptr<client>>>> by_lane;
    for (auto& each : clients.all()) {
        auto found = std::ranges::find(by_lane, each->on, [](const auto& one) { return one.first; });
        if (found == by_lane.end())
            found = by_lane.insert(by_lane.end(), {each->on, {}});
        found->second.push_back(std::move(each));
    }
    for (auto& [on, to] : by_lane) {
        const auto sent = on->offer(to_clients{to, what});
        if (!sent)
            counts.inbox_full(1);
        for (const auto& each : sent ? std::vector<std::shared_ptr<client>>() : to)
            close(each, close_code::lost_place, "its loop does not keep up");
        on->wake();
    }
}

std::shared_ptr<const identity> hub_state::identity_of(const client& who) const {
    return clients.with(who, [&who] { return who.who; });
}

bool hub_state::set_identity(const std::shared_ptr<client>& who, identity is) {
    return clients.set_identity(who, std::move(is), options.limits.max_clients_per_user);
}

std::size_t hub_state::channel_count(const client& who) const {
    return clients.with(who, [&who] { return who.channels.size(); });
}

bool hub_state::is_subscribed(const client& who, std::string_view name) const {
    const auto room = rooms.find(name);
    return room && clients.with(who, [&] { return seat_of(who, room.get()) != who.channels.end(); });
}

client_info hub_state::info_of(const client& who) const {
    client_info info{.id = who.id,
                     .remote_address = who.address,
                     .transport = std::string(who.transport),
                     .queued_bytes = who.socket->queued_bytes(),
                     .dropped = who.socket->dropped(),
                     .since = who.since};
    clients.with(who, [&] {
        info.user = who.who->user;
        for (const auto& each : who.channels)
            info.channels.push_back(each->of->name());
    });
    return info;
}

void hub_state::begin_ask(client& who, const std::string& name) {
    clients.with(who, [&] {
        who.asked_for = &name;
        who.granted = false;
    });
}

bool hub_state::end_ask(client& who) {
    return clients.with(who, [&who] {
        who.asked_for = nullptr;
        return who.granted;
    });
}

// --- channels ---

std::optional<attached> hub_state::attach(const std::shared_ptr<client>& who, std::string_view name,
                                          const std::optional<position>& since, const subscribe_answer& answer,
                                          const json::value& info, bool here) {
    enum class outcome { gone, granted, there, dead, in };
    std::optional<attached> found;
    std::shared_ptr<channel> room;
    const auto enter = [&] {
        if (!who->registered)
            return outcome::gone;
        if (who->asked_for && *who->asked_for == name)
            return who->granted = true, outcome::granted;
        if (seat_of(*who, room.get()) != who->channels.end())
            return found = room->answer(who, since, answer), outcome::there;
        const auto seat = std::make_shared<subscription>(subscription{.of = room, .who = who});
        found = room->attach(seat, since, answer, options.limits.max_recovered, now());
        if (!found)
            return outcome::dead;
        who->channels.push_back(seat);
        return outcome::in;
    };
    std::optional<broker_side::hold> held;
    if (others)
        held.emplace(others->keep(name));
    auto became = outcome::dead;
    while (became == outcome::dead) {
        room = rooms.find_or_make(name, now(), !options.broker);
        became = clients.with(*who, enter);
    }
    if (became == outcome::in) {
        if (found->recovered)
            counts.resumed(*found->recovered);
        if (members)
            members->attached(*room->facts(), *who, info);
    } else if (became == outcome::granted)
        found.emplace();
    if (became == outcome::gone || became == outcome::granted)
        rooms.expire(name, now());
    here ? who->on->drain_here() : who->on->wake();
    return found;
}

bool hub_state::detach(const std::shared_ptr<client>& who, std::string_view name, frame answer, bool here) {
    const auto room = rooms.find(name);
    const auto leave = [&] {
        const auto seat = seat_of(*who, room.get());
        if (seat == who->channels.end())
            return false;
        room->detach(*seat, now());
        who->channels.erase(seat);
        return true;
    };
    const bool was_there = room && clients.with(*who, leave);
    if (answer)
        who->on->post(to_clients{{who}, std::move(answer)});
    if (was_there)
        left(*room, *who);
    here ? who->on->drain_here() : who->on->wake();
    return was_there;
}

// What is done to a client without its having asked is said to it, if it speaks the protocol.
std::optional<attached> hub_state::bring_in(const std::shared_ptr<client>& who, std::string_view name) {
    const auto said = [](const position& now, std::optional<bool>, const channel_facts& about) {
        json::object data;
        if (!now.epoch.empty())
            data = {{"epoch", now.epoch}, {"offset", now.offset}};
        return make_frame({.type = "subscribed", .channel = about.name, .data = std::move(data)}, {.control = true});
    };
    return who->has_session && !is_subscribed(*who, name) ? attach(who, name, {}, said) : attach(who, name);
}

bool hub_state::take_away(const std::shared_ptr<client>& who, std::string_view name) {
    if (!who->has_session || !is_subscribed(*who, name))
        return detach(who, name);
    return detach(who, name,
                  make_frame({.type = "unsubscribed", .channel = std::string(name), .data = {{"code", "taken"}}},
                             {.control = true}));
}

std::size_t hub_state::take_all_away(const std::shared_ptr<client>& who) {
    const auto seats = clients.with(*who, [&who] { return who->channels; });
    return static_cast<std::size_t>(
        std::ranges::count_if(seats, [&](const auto& each) { return take_away(who, each->of->name()); }));
}

void hub_state::left(const channel& from, const client& who) {
    if (members)
        members->detached(*from.facts(), who);
    if (from.size() > 0)
        return;
    if (others)
        others->let_go(from.name());
    rooms.expire(from.name(), now());
}

// --- messages ---

void hub_state::check(std::string_view name, const message& sent, const publish_options& how) const {
    if (!is_channel_name(name, options.limits.max_channel_name))
        throw std::invalid_argument("realtime::hub: a channel's name is 1 to hub_limits::max_channel_name bytes of "
                                    "UTF-8 without control characters");
    if (sent.type.empty() || is_reserved_type(sent.type))
        throw std::invalid_argument("realtime::message::type \"" + sent.type +
                                    "\": it must not be empty or one that the protocol uses itself");
    if (how.idempotency_key.size() > 255)
        throw std::invalid_argument("realtime::publish_options::idempotency_key must be at most 255 bytes");
    if (how.ttl && how.ttl->count() <= 0)
        throw std::invalid_argument("realtime::publish_options::ttl must be positive");
}

outgoing hub_state::prepare(const message& sent, const publish_options& how) const {
    auto what = make_outgoing(sent);
    what.key = how.key;
    what.ttl = how.ttl;
    what.except_id = how.except;
    if (!how.except.empty())
        what.except = clients.find(how.except);
    return what;
}

// With a broker it comes back from there, in the order of all nodes. Where that cannot be, those here get it at once.
publication hub_state::publish(std::string_view name, message sent, const publish_options& how) {
    check(name, sent, how);
    if (!how.idempotency_key.empty() && !keys_.use(name, how.idempotency_key, now()))
        return counts.duplicate(), publication{.duplicate = true};
    publishing span(name);
    sent.channel = name;
    counts.published();
    if (others && others->with()->publish(sent.channel, make_envelope(sent, how)))
        return span.done({.subscribers = subscribers_of(name)});
    return span.done(place(name, prepare(sent, how), others ? std::optional(position()) : std::nullopt));
}

awaitable<publication> hub_state::publish_confirmed(std::shared_ptr<hub_state> in, std::string name, message sent,
                                                    publish_options how) {
    if (!in->others)
        co_return in->publish(name, std::move(sent), how);
    in->check(name, sent, how);
    publishing span(name);
    sent.channel = name;
    in->counts.published();
    const auto placed = co_await in->options.broker->publish_confirmed(name, make_envelope(sent, how));
    if (placed.duplicate)
        in->counts.duplicate();
    co_return span.done({.duplicate = placed.duplicate, .subscribers = in->subscribers_of(name), .at = placed.at});
}

publication hub_state::place(std::string_view name, const outgoing& what, const std::optional<position>& at) {
    const bool is_kept = !others && rooms.options_of(name).history.size > 0;
    lanes_to_wake lanes;
    while (true) {
        const auto room = is_kept ? rooms.find_or_make(name, now(), true) : rooms.find(name);
        if (!room)
            return {};
        if (auto done = room->publish(what, now(), lanes, at)) {
            wake(lanes);
            return *done;
        }
    }
}

std::size_t hub_state::subscribers_of(std::string_view name) const {
    const auto room = rooms.find(name);
    return room ? room->size() : 0;
}

awaitable<missed> hub_state::history(std::shared_ptr<hub_state> of, std::string name, std::optional<position> from,
                                     std::size_t limit) {
    if (of->others)
        co_return co_await of->options.broker->history(std::move(name), std::move(from), limit);
    if (const auto room = of->rooms.find(name))
        co_return room->read(from, limit, of->now());
    co_return missed{.complete = !from && of->rooms.options_of(name).history.size > 0};
}

// --- what the broker says ---

void hub_state::close_elsewhere(std::string_view user, close_code code) {
    if (!others)
        return;
    auto told = [name = options.name](const std::exception_ptr& failed) {
        if (failed)
            telemetry::log(level::warn, "realtime", "a user was not disconnected from the other nodes",
                           {{"hub", name}, {"error", describe(failed)}});
    };
    asio::co_spawn(work_executor(), disconnect_everywhere(options.broker, std::string(user), code), std::move(told));
}

void hub_state::heard(const std::string& name, envelope e) {
    if (e.what.type.empty() || is_reserved_type(e.what.type)) {
        telemetry::log(level::warn, "realtime", "another node published a type that the protocol uses itself",
                       {{"hub", options.name}, {"channel", name}, {"type", e.what.type}});
        return;
    }
    e.what.channel = name;
    place(name, prepare(e.what, {.except = e.except, .ttl = e.ttl, .key = e.key}), e.at);
}

void hub_state::heard_gap(const std::string& name, std::uint64_t dropped, const position& at) {
    lanes_to_wake lanes;
    if (const auto room = rooms.find(name))
        room->gap(dropped, at, lanes);
    wake(lanes);
}

void hub_state::remember(const std::string& name, const missed& found) {
    rooms.find_or_make(name, now(), false)->remember(found, now());
}

void hub_state::tell(std::string_view name, const message& what, const std::vector<std::shared_ptr<client>>& except) {
    lanes_to_wake lanes;
    if (const auto room = rooms.find(name))
        room->tell(make_frame(what, {.channel = room->facts()}), except, lanes);
    wake(lanes);
}

// --- what lanes say ---

void hub_state::send_failed(const std::shared_ptr<client>& whose, std::exception_ptr why) noexcept {
    counts.send_failed();
    telemetry::log(level::warn, "realtime", "a connection threw, and its client was removed",
                   {{"hub", options.name}, {"client", whose->id}, {"error", describe(why)}});
    remove(whose, close_code::internal_error);
}

void hub_state::delivered(std::size_t frames) noexcept { counts.delivered(frames); }

void hub_state::found_full(std::uint64_t messages) noexcept {
    counts.inbox_full(messages);
    telemetry::log(level::warn, "realtime", "a loop did not keep up with what its clients are to be told",
                   {{"hub", options.name}, {"messages", messages}});
}

} // namespace infra::realtime::detail
