#pragma once

// What a request must be to become a WebSocket (RFC 6455, 4.2.1), and what is told to one that is not.

#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>
#include <infra/realtime/options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::websocket {

/// The answer to a request that asks for `Upgrade`, and is no handshake of version 13; nothing for one that is.
std::optional<http::response> refuse_malformed(const http::request& asked);

/// The answer to pages that may not connect. `allowed`: websocket_options::origins.
std::optional<http::response> refuse_origin(const http::request& asked, const std::vector<std::string>& allowed,
                                            bool allow_no_origin);

/// 503 with Retry-After.
http::response refuse_for_now(std::string_view code, std::string_view sentence, int seconds);

/// The first of `ours` that the client names too; empty if there is none.
std::string choose_subprotocol(const http::request& asked, const std::vector<std::string>& ours);

/// What a hub's hooks are shown. What only the handshake needs is left out: it may be kept for as long as the connection.
realtime::handshake describe_handshake(const http::request& asked, std::string subprotocol = {});

} // namespace infra::realtime::websocket
