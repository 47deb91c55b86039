#pragma once

/// The WebSocket server: a hub's clients over RFC 6455, mounted on http_server.
///
///     realtime::websocket_server sockets(hub, {.origins = {"https://shop.example"}});
///     sockets.mount(routes, "/ws");
///     …
///     co_await sockets.stop(deadline::after(20s));     // clients are told to come back, in batches, elsewhere
///
/// A connection has no coroutine, no timer and no buffer of its own while it is idle. Messages are framed once for all who get them, and what
/// a client gets in one turn of its loop leaves in one write.

#include <infra/http_server/router.hpp>
#include <infra/realtime/hub.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime {

struct websocket_options {
    /// Whose pages may connect: `https://shop.example`, `https://*.shop.example`, or `*`. Empty: only those of the host that is called.
    std::vector<std::string> origins{};
    bool allow_no_origin = true; ///< programs that are no browsers send none

    std::vector<std::string> subprotocols{
        "infra.realtime.v1"}; ///< the first that the client names too; none named, none chosen

    std::chrono::milliseconds ping{25'000}; ///< between two pings to a client
    std::chrono::milliseconds pong{10'000}; ///< to answer it; anything received counts
    std::chrono::milliseconds close{5'000}; ///< for the peer's close frame, then the connection is cut

    bool compression = true;         ///< permessage-deflate, no context takeover in either direction
    std::size_t compress_from = 256; ///< bytes; smaller messages are sent as they are
    double max_inflation =
        10; ///< over max(64 KiB, this × what came): close_code::too_big; hub_limits::max_message_bytes holds in any case

    double handshakes_per_second = 5'000; ///< of one address 1/10 of it; more are answered 503 with Retry-After
    std::size_t send_buffer = 0;          ///< SO_SNDBUF; 0: the kernel's

    /// On stop(): so many are told at a time, and how long from the first to the last.
    std::size_t drain_batch = 1'000;
    std::chrono::milliseconds drain_over{10'000};
};

namespace detail {
class websocket_state;
}

/// Metrics: realtime_connections, realtime_handshakes_total{result}, realtime_control_frames_received_total{type},
/// realtime_dropped_total{policy}, realtime_queue_bytes, realtime_writes_total, realtime_closes_total{code}; beside the hub's.
///
/// Threads:  mount() before the http server runs; the rest from any.
/// Errors:   std::invalid_argument naming the bad option.
/// Lifetime: until the last copy has gone, and its connections with it; the http server may be gone before.
class websocket_server {
public:
    explicit websocket_server(hub to, websocket_options options = {});

    void mount(http::router& routes, std::string_view path = "/ws");

    /// Refuses new ones (503), sends each `{"type":"reconnect","data":{"after":ms}}` and close_code::shutdown, in batches with jitter, and returns when
    /// all have gone or `limit` is reached, when the rest is cut.
    awaitable<void> stop(deadline limit = deadline::after(std::chrono::seconds(25)));

    std::size_t connections() const noexcept;

private:
    std::shared_ptr<detail::websocket_state> state_;
};

} // namespace infra::realtime
