#include "wiring.hpp"

#include "settings/forms.hpp"

#include <infra/base/error.hpp>

#include <algorithm>

namespace infra::app {
namespace {

http::forwarding forwarding_from(const environment& variables) {
    const auto chosen = variables.get_or("TRUSTED_PROXY_HEADER", "x-forwarded");
    if (chosen != "x-forwarded" && chosen != "forwarded")
        throw error(errc::misconfigured, "TRUSTED_PROXY_HEADER: expected one of x-forwarded, forwarded");
    return chosen == "forwarded" ? http::forwarding::forwarded : http::forwarding::x_forwarded;
}

} // namespace

std::uint16_t port_of(wiring& w) {
    const auto wanted = w.options.port ? *w.options.port : w.env.integer("PORT", 3000, 0, 65'535);
    if (wanted != 0)
        return static_cast<std::uint16_t>(wanted);
    if (!w.any_port)
        w.any_port = std::make_shared<free_port>();
    return w.any_port->number();
}

std::vector<std::string> trusted_proxies_from(const environment& variables) {
    auto networks = settings::list_of(variables.get_or("TRUSTED_PROXIES", ""));
    if (!std::ranges::all_of(networks, http::is_network))
        throw error(errc::misconfigured,
                    "TRUSTED_PROXIES: expected addresses and networks such as 10.0.0.0/8, with commas between");
    return networks;
}

void wire_http(wiring& w) {
    auto options = w.options.server;
    options.host = w.options.host ? *w.options.host : w.env.get_or("HOST", "127.0.0.1");
    options.port = port_of(w);
    if (options.trusted_proxies.empty()) {
        options.trusted_proxies = trusted_proxies_from(w.env);
        options.forwarded_in = forwarding_from(w.env);
    }
    w.server = std::make_shared<http::server>(w.routes, std::move(options));
    w.parts.push_back({
        .name = "http",
        .open = [server = w.server]() -> awaitable<void> {
            server->listen();
            co_return;
        },
        .run = [server = w.server] { return server->run(); },
        .stop = [server = w.server](deadline limit) { return server->stop(limit); },
    });
    w.parts.insert(w.parts.end(), w.doors.begin(), w.doors.end());
}

} // namespace infra::app
