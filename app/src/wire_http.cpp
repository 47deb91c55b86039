#include "wiring.hpp"

namespace infra::app {

void wire_http(wiring& w) {
    auto options = w.options.server;
    options.host = w.options.host ? *w.options.host : w.env.get_or("HOST", "127.0.0.1");
    options.port =
        w.options.port ? *w.options.port : static_cast<std::uint16_t>(w.env.integer("PORT", 3000, 0, 65'535));
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
