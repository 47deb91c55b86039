#include "hub_state.hpp"

#include <infra/base/telemetry.hpp>

#include <stdexcept>
#include <utility>

namespace infra::realtime::detail {
namespace {

envelope make_envelope(const message& sent, const publish_options& how) {
    return {.what = sent, .key = how.key, .except = how.except, .idempotency_key = how.idempotency_key, .ttl = how.ttl};
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
    try {
        const auto done = span.done(hand_out(name, sent, how));
        counts.published();
        return done;
    } catch (...) { // too many channels: it may be tried again
        keys_.give_back(name, how.idempotency_key);
        throw;
    }
}

publication hub_state::hand_out(std::string_view name, const message& sent, const publish_options& how) {
    if (others && others->with()->publish(sent.channel, make_envelope(sent, how)))
        return {.subscribers = subscribers_of(name)};
    if (const auto room = others ? rooms.find(name) : nullptr)
        room->say_alone();
    return place(name, sent, how, others ? std::optional(position()) : std::nullopt);
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
    if (const auto room = in->rooms.find(name))
        room->confirmed(placed.at);
    co_return span.done({.duplicate = placed.duplicate, .subscribers = in->subscribers_of(name), .at = placed.at});
}

// What nobody hears, and no history keeps, is not even encoded.
publication hub_state::place(std::string_view name, const message& sent, const publish_options& how,
                             const std::optional<position>& at, std::chrono::milliseconds age) {
    const bool is_kept = !others && rooms.options_of(name).history.size > 0;
    const auto find = [&] { return is_kept ? rooms.find_or_make(name, now(), true) : rooms.find(name); };
    auto room = find();
    if (!room)
        return {};
    auto what = prepare(sent, how);
    what.age = age;
    lanes_to_wake lanes;
    for (; room; room = find()) // another one, if this one was forgotten meanwhile
        if (const auto done = room->publish(what, now(), lanes, at)) {
            wake(lanes);
            return *done;
        }
    return {};
}

std::size_t hub_state::subscribers_of(std::string_view name) const {
    const auto room = rooms.find(name);
    return room ? room->size() : 0;
}

awaitable<missed> hub_state::history(std::shared_ptr<hub_state> of, std::string name, std::optional<position> from,
                                     std::size_t limit) {
    if (of->others)
        co_return co_await of->options.broker->history(std::move(name), std::move(from), limit);
    co_return as_messages(of->remembered_of(name, from, limit));
}

remembered hub_state::remembered_of(std::string_view name, const std::optional<position>& from,
                                    std::size_t limit) const {
    if (const auto room = rooms.find(name))
        return room->read(from, limit, now());
    return {.complete = !from && rooms.options_of(name).history.size > 0};
}

std::optional<remembered> hub_state::remembered_for(const client& who, std::string_view name,
                                                    const std::optional<position>& from, std::size_t limit) const {
    if (!others)
        return remembered_of(name, from, limit);
    const auto room = rooms.find(name);
    if (!room || !others->with()->is_up() || !is_subscribed(who, name))
        return {};
    return room->read_for_broker(from, limit, now());
}

// --- what the broker says ---

void hub_state::heard(const std::string& name, envelope e) {
    if (e.what.type.empty() || is_reserved_type(e.what.type)) {
        telemetry::log(level::warn, "realtime", "another node published a type that the protocol uses itself",
                       {{"hub", options.name}, {"channel", name}, {"type", e.what.type}});
        return;
    }
    e.what.channel = name;
    place(name, e.what, {.except = e.except, .ttl = e.ttl, .key = e.key}, e.at, e.age);
}

void hub_state::heard_gap(const std::string& name, std::uint64_t dropped, const position& at) {
    lanes_to_wake lanes;
    if (const auto room = rooms.find(name))
        room->gap(dropped, at, lanes);
    wake(lanes);
}

void hub_state::heard_own_gap(const std::string& name, std::uint64_t said_here, const position& at) {
    lanes_to_wake lanes;
    if (const auto room = rooms.find(name))
        room->own_gap(said_here, at, lanes);
    wake(lanes);
}

void hub_state::remember(const std::string& name, const missed& found) {
    lanes_to_wake lanes;
    rooms.find_or_make(name, now(), false)->remember(found, now(), lanes);
    wake(lanes);
}

void hub_state::tell(std::string_view name, const message& what, const std::vector<std::shared_ptr<client>>& except) {
    lanes_to_wake lanes;
    if (const auto room = rooms.find(name))
        room->tell(make_frame(what, {.channel = room->facts()}), except, lanes);
    wake(lanes);
}

} // namespace infra::realtime::detail
