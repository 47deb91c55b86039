#pragma once

/// A connection that leaves HTTP: WebSocket, or anything else asked for with `Upgrade`.
///
///     routes.on_upgrade("/ws", [](http::upgrade up) -> infra::awaitable<void> {
///         beast::websocket::stream<http::upgrade_socket> ws(std::move(up.socket));
///         co_await ws.async_accept(asio::buffer(up.handshake), asio::use_awaitable);
///         …
///     });

#include <infra/base/awaitable.hpp>
#include <infra/http_server/request.hpp>

#include <boost/asio/generic/stream_protocol.hpp>

#include <string>

namespace infra::http {

/// A connected TCP socket; for a TLS connection one end of a local pair whose other end the server relays.
using upgrade_socket = asio::generic::stream_protocol::socket;

/// What the handler of router::on_upgrade owns. Nothing has been answered: the handshake, or its refusal, is the
/// handler's.
struct upgrade {
    upgrade_socket socket; ///< on the loop's executor, which carries the context
    http::request request;
    std::string handshake{}; ///< the bytes of the request as they were read, for a library that parses them itself
    std::string leftover{};  ///< bytes the client sent behind the request, already read; not part of `handshake`
};

} // namespace infra::http
