#pragma once

/// The same channels for those who only listen: server-sent events (WHATWG HTML, 9.2).
///
///     add_event_stream(routes, hub, "/events");          // GET /events?channel=room:1&channel=price:EUR
///     // browser:  new EventSource("/events?channel=room:1")
///
/// Each message is an event whose `data` is its JSON and whose `id` is where the client then is in all its channels; after a lost connection the browser
/// sends it back as Last-Event-ID, and gets what it has missed, or an event `gap`. Origin and identity are checked as for WebSockets.

#include <infra/http_server/router.hpp>
#include <infra/realtime/hub.hpp>
#include <infra/realtime/websocket.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime {

struct event_stream_options {
    std::vector<std::string> origins{};           ///< as websocket_options::origins
    std::chrono::milliseconds keep_alive{25'000}; ///< a comment, when nothing else was sent
    std::chrono::milliseconds retry{2'000};       ///< what browsers wait before they come back
};

/// Messages are events of the type "message"; `gap` is told by an event `gap`, a channel that may not be heard by `refused`, and an end after
/// which it makes no sense to come back by `closed`. `&token=…` behind a channel opens a signed name. At most 32 channels.
///
/// Streams end when hub::stop closes their clients (call it before http::server::stop): browsers come back by themselves.
void add_event_stream(http::router& routes, hub from, std::string_view path = "/events",
                      event_stream_options options = {});

} // namespace infra::realtime
