// What browser.test.mjs and ws.test.mjs speak to: prints its port, and serves until its standard input ends.
//
//     realtime_client_service [PORT]

#include <infra/http_server.hpp>
#include <infra/realtime.hpp>
#include <infra/realtime/admin.hpp>
#include <infra/realtime/client.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/runtime/wait.hpp>

#include <cstdlib>
#include <iostream>
#include <thread>

namespace {

using namespace infra;
using namespace std::chrono_literals;

constexpr std::string_view page =
    "<!doctype html><title>test</title><script type=module>"
    "import * as realtime from '/infra/realtime.js'; window.realtime = realtime;</script>";

/// `?user=…` and tokens "user.…" say who one is; the user "nobody" is let in by neither.
realtime::identity who(const realtime::handshake& h) {
    const auto user = h.token.starts_with("user.") ? h.token.substr(5) : h.parameter("user").value_or("guest");
    if (user == "nobody")
        throw realtime::failure("unauthorized", "nobody may not come in");
    realtime::identity made{.user = user};
    if (h.parameter("expires"))
        made.expires_at = real_clock().wall() + 300ms;
    return made;
}

realtime::hub_options options() {
    return {.channels = {{"room:*", {.history = {.size = 100}, .presence = true}}},
            .limits = {.max_message_bytes = 1 << 20, .auth_time = 5s},
            .authenticate = who,
            .authorize = [](realtime::access_request a) { return a.channel.starts_with("room:"); }};
}

void answer_clients(realtime::hub& hub) {
    hub.on_request("echo", [](realtime::client_id, realtime::message m) { return m.data; });
    hub.on_request("sold-out", [](realtime::client_id, realtime::message) -> json::value {
        throw realtime::failure("sold_out", "no seats are left");
    });
    hub.on_request("ask-me", [hub](realtime::client_id from, realtime::message m) mutable -> awaitable<json::value> {
        auto asking = hub.request(from, {.type = "question", .data = m.data});
        co_return co_await std::move(asking);
    });
    hub.on_message("say-back", [hub](realtime::client_id from, realtime::message m) mutable {
        hub.send_to_client(from, {.type = "said-back", .data = m.data});
    });
}

} // namespace

int main(int argc, char** argv) {
    realtime::hub hub(options());
    answer_clients(hub);
    realtime::websocket_server sockets(hub, {.ping = 500ms, .pong = 5s, .drain_over = 200ms});
    http::router routes;
    routes.get("/", [] { return http::response::html(std::string(page)); });
    routes.post("/stop-sockets", [sockets]() -> awaitable<http::response> {
        auto mine = sockets;
        co_await mine.stop(deadline::after(5s));
        co_return http::response::no_content();
    });
    sockets.mount(routes, "/ws");
    realtime::add_client_module(routes);
    auto pages = realtime::add_admin(routes, hub, {.allow = [](const http::request&) { return true; }});
    http::server server(routes, {.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0)});
    server.listen();
    std::thread serves([&] { wait(server.run()); });
    std::thread works([&] { wait(hub.run()); });
    std::cout << server.port() << std::endl;
    while (std::cin.get() != std::char_traits<char>::eof()) {
    }
    pages.stop();
    wait(sockets.stop(deadline::after(5s)));
    wait(server.stop(deadline::after(5s)));
    wait(hub.stop());
    serves.join();
    works.join();
}
