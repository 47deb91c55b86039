#include "realtime_panel.hpp"

#include "../asked.hpp"
#include "../texts.hpp"
#include "documents.hpp"
#include "listeners.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/realtime.hpp>

#include <algorithm>
#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_looked_at = 1'000;   // at once
constexpr std::size_t most_whole_messages = 20; // messages of a history with all of their data
constexpr std::size_t most_of_part = 8 * 1024;
constexpr std::size_t most_realtime_concerns = 3;
constexpr std::chrono::seconds time_to_publish{5};
constexpr std::chrono::seconds between_sweeps{5};

struct realtime_desk {
    realtime_source from;
    clock& time;
    channel_watch watch{};
    listeners ears{time};

    realtime::hub hub() const { return from.hub ? from.hub() : realtime::default_hub(); }
    channel_pace pace_of(const realtime::channel_info& c) { return watch.look(c, time.steady(), time.wall()); }
};
using shared_realtime = std::shared_ptr<realtime_desk>;

std::string named_channel(std::string name, const realtime::hub& of) {
    if (!realtime::is_channel_name(name, of.options().limits.max_channel_name))
        throw http::error_response(422, "invalid_channel", "that cannot be the name of a channel", "/channel");
    return name;
}

std::string channel_in(const http::request& r, const realtime::hub& of) {
    return named_channel(std::string(r.param("channel")), of);
}

json::value list_channels(const shared_realtime& desk, const http::request& r) {
    const auto limit = limit_of(r);
    auto found = desk->hub().list_channels(r.query("prefix").value_or(""), r.query("cursor").value_or(""), limit + 1);
    json::value next;
    if (found.size() > limit) {
        found.resize(limit);
        next = found.back().name;
    }
    json::array items;
    for (const auto& each : found)
        items.push_back(document_of(each, desk->pace_of(each)));
    return {{"items", std::move(items)}, {"next", std::move(next)}};
}

// Also of a channel that nobody is in and that has no history: there something can be said all the same.
json::value one_channel(const shared_realtime& desk, const std::string& name) {
    const auto found = desk->hub().find_channel(name);
    const auto shown = found.value_or(realtime::channel_info{.name = name});
    return document_of(shown, found ? desk->pace_of(shown) : channel_pace());
}

struct client_wish {
    std::optional<std::string> user, channel;
    bool slow = false;

    bool fits(const realtime::client_info& c, std::size_t max_queue_bytes) const {
        return (!user || c.user == *user) && (!slow || is_slow(c, max_queue_bytes)) &&
               (!channel || std::ranges::find(c.channels, *channel) != c.channels.end());
    }
};

std::optional<std::string> asked(const http::request& r, std::string_view name) {
    auto value = r.query(name);
    return value && !value->empty() ? value : std::nullopt;
}

// Those that fit among the next thousand; `next` goes on behind them, whether or not there were any.
json::value list_clients(const shared_realtime& desk, const http::request& r) {
    const auto of = desk->hub();
    const auto limit = limit_of(r);
    const auto max_queue = of.options().limits.max_queue_bytes;
    const client_wish wish{.user = asked(r, "user"), .channel = asked(r, "channel"), .slow = says(r, "slow")};
    const auto all = of.list_clients(r.query("cursor").value_or(""), most_looked_at);
    json::array items;
    json::value next = all.size() == most_looked_at ? json::value(all.back().id) : json::value();
    for (const auto& each : all) {
        if (!wish.fits(each, max_queue))
            continue;
        items.push_back(document_of(each, max_queue));
        if (items.size() == limit && &each != &all.back()) {
            next = each.id;
            break;
        }
    }
    return {{"items", std::move(items)}, {"next", std::move(next)}};
}

json::value realtime_at_a_glance(const shared_realtime& desk) {
    const auto of = desk->hub();
    return {{"name", of.options().name},
            {"kept_in", of.description()},
            {"clients", of.get_connected_clients().size()},
            {"max_clients", of.options().limits.max_clients},
            {"dropping", desk->watch.dropping(desk->time.steady()).size()}};
}

awaitable<http::response> show_history(shared_realtime desk, http::request r) {
    const auto of = desk->hub();
    const bool whole = says(r, "whole");
    const auto limit = std::min(limit_of(r), whole ? most_whole_messages : most_looked_at);
    const auto most = whole ? most_of_payload : most_of_part;
    auto looking = of.history(channel_in(r, of), {}, limit);
    co_return http::response::ok(document_of(co_await std::move(looking), most));
}

awaitable<http::response> show_presence(shared_realtime desk, http::request r) {
    const auto of = desk->hub();
    const auto channel = channel_in(r, of);
    const auto members = co_await of.presence(channel);
    const auto counted = co_await of.count_present(channel);
    co_return http::response::ok(document_of(members, counted));
}

realtime::message message_of(const http::request& r) {
    auto given = r.json<json::object>();
    const auto* type = given.if_contains("type");
    if (!type || !type->is_string() || type->as_string().empty() ||
        realtime::is_reserved_type(std::string_view(type->as_string())))
        throw http::error_response(422, "invalid_type", "expected a type that is not one of the protocol's own",
                                   "/type");
    realtime::message made{.type = std::string(type->as_string())};
    if (const auto* data = given.if_contains("data"))
        made.data = *data;
    return made;
}

awaitable<http::response> publish(shared_realtime desk, http::request r) {
    auto of = desk->hub();
    auto publishing = of.publish_confirmed(channel_in(r, of), message_of(r));
    const auto done = co_await with_deadline(std::move(publishing), deadline::after(time_to_publish));
    co_return http::response::ok({{"subscribers", done.subscribers}, {"offset", done.at.offset}});
}

http::response kick_client(const shared_realtime& desk, const http::request& r) {
    if (!desk->hub().disconnect(r.param("client"), realtime::close_code::disconnected, "by an operator"))
        throw http::error_response(404, "no_client", "there is no such client here, or no longer");
    return http::response::ok({{"disconnected", 1}});
}

http::response kick_user(const shared_realtime& desk, const http::request& r) {
    return http::response::ok({{"disconnected", desk->hub().disconnect_user(r.param("user"))}});
}

// All channels that fit into what is remembered, once for whoever looks at the overview.
std::vector<concern> look_at_drops(const shared_realtime& desk) {
    const auto of = desk->hub();
    std::string after;
    for (std::size_t seen = 0; seen < channel_watch::most; seen += most_looked_at) {
        const auto page = of.list_channels({}, after, most_looked_at);
        for (const auto& each : page)
            desk->pace_of(each);
        if (page.size() < most_looked_at)
            break;
        after = page.back().name;
    }
    std::vector<concern> all;
    for (const auto& each : desk->watch.dropping(desk->time.steady())) {
        if (all.size() == most_realtime_concerns)
            break;
        all.push_back({.severity = level::warn,
                       .text = "the channel " + cut(each.name, 100) + " dropped " + std::to_string(each.dropped) +
                               (each.dropped == 1 ? " message" : " messages") + ": some of its clients are too slow",
                       .link = "#/realtime/" + encoding::percent_encode(each.name),
                       .count = static_cast<std::size_t>(each.dropped),
                       .since = each.since});
    }
    return all;
}

std::vector<figure> realtime_figures(const shared_realtime& desk) {
    const auto of = desk->hub();
    return {{.name = "sockets",
             .label = "Sockets",
             .value = static_cast<double>(of.get_connected_clients().size()),
             .limit = static_cast<double>(of.options().limits.max_clients),
             .link = "#/realtime?view=connections"}};
}

awaitable<void> sweep_ears(shared_realtime desk) {
    for (;;) {
        co_await desk->time.sleep_for(between_sweeps);
        desk->ears.sweep();
    }
}

awaitable<pieces> tail(shared_realtime desk, std::string channel, std::uint64_t since) {
    constexpr std::size_t most_at_once = 125;
    const auto of = desk->hub();
    const auto ear = desk->ears.in(of, named_channel(std::move(channel), of));
    co_return ear->after(since, most_at_once);
}

void add_live(board& on, const shared_realtime& desk) {
    on.live("realtime", [desk]() -> awaitable<json::value> { co_return realtime_at_a_glance(desk); });
    on.live("realtime-channels",
            [desk](const http::request& watched) -> awaitable<json::value> { co_return list_channels(desk, watched); });
    on.live("realtime-channel", [desk](const http::request& watched) -> awaitable<json::value> {
        co_return one_channel(desk, named_channel(watched.query("channel").value_or(""), desk->hub()));
    });
    on.live("realtime-clients",
            [desk](const http::request& watched) -> awaitable<json::value> { co_return list_clients(desk, watched); });
    on.live_pieces("realtime-tail", [desk](const http::request& watched, std::uint64_t since) {
        return tail(desk, watched.query("channel").value_or(""), since);
    });
    on.background("dashboard realtime", [desk] { return sweep_ears(desk); });
}

void add_actions(board& on, const shared_realtime& desk) {
    on.act(http::method::post, "/realtime/channels/{channel}/messages", "publish a message",
           [desk](const acting&, http::request r) { return publish(desk, std::move(r)); });
    on.act(http::method::delete_, "/realtime/clients/{client}", "disconnect a client",
           [desk](const acting&, http::request r) -> awaitable<http::response> { co_return kick_client(desk, r); });
    on.act(http::method::delete_, "/realtime/users/{user}", "disconnect a user",
           [desk](const acting&, http::request r) -> awaitable<http::response> { co_return kick_user(desk, r); });
}

} // namespace

void add_realtime_panel(board on, realtime_source from) {
    const shared_realtime desk(new realtime_desk{.from = std::move(from), .time = on.time()});
    on.page("realtime");
    on.show("/realtime", [desk](const http::request&) { return http::response::ok(realtime_at_a_glance(desk)); });
    on.show("/realtime/channels",
            [desk](const http::request& r) { return http::response::ok(list_channels(desk, r)); });
    on.show("/realtime/channels/{channel}", [desk](const http::request& r) {
        return http::response::ok(one_channel(desk, channel_in(r, desk->hub())));
    });
    on.show("/realtime/channels/{channel}/history",
            [desk](http::request r) { return show_history(desk, std::move(r)); });
    on.show("/realtime/channels/{channel}/presence",
            [desk](http::request r) { return show_presence(desk, std::move(r)); });
    on.show("/realtime/clients", [desk](const http::request& r) { return http::response::ok(list_clients(desk, r)); });
    on.figures([desk]() -> awaitable<std::vector<figure>> { co_return realtime_figures(desk); });
    on.concerns([desk]() -> awaitable<std::vector<concern>> { co_return look_at_drops(desk); });
    add_live(on, desk);
    add_actions(on, desk);
}

} // namespace infra::dashboard
