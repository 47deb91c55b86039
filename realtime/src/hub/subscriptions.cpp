#include "hub_state.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {
namespace {

auto seat_of(const client& who, const channel* in) {
    return std::ranges::find(who.channels, in, [](const auto& each) { return each->of.get(); });
}

} // namespace

std::size_t hub_state::channel_count(const client& who) const {
    return clients.with(who, [&who] { return who.channels.size(); });
}

bool hub_state::is_subscribed(const client& who, std::string_view name) const {
    const auto room = rooms.find(name);
    return room && clients.with(who, [&] { return seat_of(who, room.get()) != who.channels.end(); });
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

} // namespace infra::realtime::detail
