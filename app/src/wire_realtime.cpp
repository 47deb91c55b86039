#include "bearer.hpp"
#include "settings/forms.hpp"
#include "wiring.hpp"

#include <infra/realtime/admin.hpp>
#include <infra/realtime/client.hpp>
#include <infra/realtime/redis.hpp>

#include <string_view>
#include <utility>

namespace infra::app {
namespace {

constexpr std::size_t shortest_secret = 16;

// The sentence tells the variable, never its value.
void check_secret(const char* variable, std::string_view secret) {
    if (secret.size() < shortest_secret)
        throw error(errc::misconfigured, std::string(variable) + ": expected at least 16 bytes that nobody can guess");
}

std::shared_ptr<realtime::broker> broker_from(const environment& variables, const std::string& prefix) {
    const char* const variable = variables.has("REALTIME_URL") ? "REALTIME_URL" : "REDIS_URL";
    const auto url = variables.get_or(variable, "memory:");
    if (url == "memory:")
        return nullptr;
    try {
        return realtime::make_redis_broker({.url = url, .prefix = prefix});
    } catch (const error& e) {
        throw error(errc::misconfigured, std::string(variable) + ": " + e.what());
    }
}

realtime_options completed_realtime_options(realtime_options own, const environment& variables) {
    if (!own.hub.broker)
        own.hub.broker = broker_from(variables, own.prefix);
    if (own.sockets.origins.empty())
        own.sockets.origins = settings::list_of(variables.get_or("REALTIME_ORIGINS", ""));
    if (own.events.origins.empty())
        own.events.origins = own.sockets.origins;
    if (own.hub.signing_keys.empty())
        own.hub.signing_keys = settings::list_of(variables.get_or("REALTIME_SIGNING_SECRET", ""));
    for (const auto& each : own.hub.signing_keys)
        check_secret("REALTIME_SIGNING_SECRET", each);
    return own;
}

// Half of the time is for those who are told to reconnect, the rest for requests and jobs.
deadline half_of(deadline limit) {
    if (limit.is_never())
        return limit;
    return deadline::after(limit.remaining(std::chrono::steady_clock::now()) / 2);
}

void mount_sockets(wiring& w, const realtime::hub& one, const realtime_options& given) {
    realtime::websocket_server sockets(one, given.sockets);
    sockets.mount(w.routes, given.sockets_path);
    w.doors.push_back(
        {.name = "sockets", .stop = [sockets](deadline limit) mutable { return sockets.stop(half_of(limit)); }});
}

// Streams have no end of their own, and HTTP would wait for them. The last to be stopped before HTTP, since browsers come back.
awaitable<void> end_event_streams(realtime::hub of) {
    constexpr std::size_t page_size = 1'000;
    for (realtime::client_id after;;) {
        const auto page = of.list_clients(after, page_size);
        for (const auto& each : page)
            if (each.transport == "event-stream")
                of.disconnect(each.id, realtime::close_code::going_away);
        if (page.size() < page_size)
            co_return;
        after = page.back().id;
    }
}

void mount_event_streams(wiring& w, const realtime::hub& one, const realtime_options& given) {
    realtime::add_event_stream(w.routes, one, given.events_path, given.events);
    w.doors.push_back({.name = "event streams", .stop = [one](deadline) { return end_event_streams(one); }});
}

void add_operators_pages(wiring& w, const realtime::hub& one) {
    const auto token = w.env.get("INFRA_ADMIN_TOKEN");
    if (!token)
        return; // nobody may, then there is nothing to find
    check_secret("INFRA_ADMIN_TOKEN", *token);
    auto pages = realtime::add_admin(w.routes, one, {.allow = with_token(*token)});
    w.doors.push_back({.name = "operators", .stop = [pages](deadline) mutable -> awaitable<void> {
                           pages.stop();
                           co_return;
                       }});
}

} // namespace

void wire_realtime(wiring& w) {
    auto given = completed_realtime_options(w.options.realtime, w.env);
    realtime::hub one(std::move(given.hub));
    w.chosen.push_back({.module = "realtime", .backend = one.description()});
    realtime::set_default_hub(one);
    health::register_health_check("realtime", realtime_check(one), {.critical = false});
    if (!given.events_path.empty())
        mount_event_streams(w, one, given);
    if (!given.sockets_path.empty())
        mount_sockets(w, one, given);
    if (!given.client_path.empty())
        realtime::add_client_module(w.routes, given.client_path);
    add_operators_pages(w, one);
    w.parts.push_back({
        .name = "realtime",
        .run = [one]() mutable { return one.run(); },
        .stop = [one](deadline limit) mutable { return one.stop(limit); },
    });
}

} // namespace infra::app
