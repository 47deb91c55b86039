#pragma once

/// One client's conversation with a hub: what stands between a transport, which moves text, and channels, which move messages. It speaks the
/// protocol of the README and keeps the client to its limits.
///
///     auto who = co_await authenticate(hub, handshake);
///     auto talk = session::open(hub, connection, handshake, who);
///     if (!talk->receive(text)) stop_reading();       // until read_on is called
///     talk->ended(close_code::going_away);
///
/// For those who write a transport.

#include <infra/realtime/hub.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace infra::realtime {

namespace detail {
class conversation;
}

/// Asks hub_options::authenticate, within hub_limits::auth_time. Throws infra::error with the module's errc::forbidden, whatever the hook threw
/// (which goes to the log). With hub_options::auth_by_message it may give an identity that is not `proved`: the session then waits
/// for the proof. A token is looked for in `token`, then in the subprotocols `token.<…>`.
awaitable<identity> authenticate(hub at, handshake from);

struct session_options {
    std::string_view transport{};           ///< for client_info; a text that is never destroyed
    bool answers = true;                    ///< false for a transport that only reads, an event stream: no `welcome`
    std::function<void()> read_on{};        ///< there is room for messages again, after receive() said false
    std::chrono::milliseconds ping{25'000}; ///< told to the client in `welcome`, so that it notices a dead server
};

/// A client's messages are handled one after the other. What waits behind a handler that is a coroutine is bounded by
/// hub_limits::max_pending_messages, and by four times max_message_bytes; `ping`, and answers to hub::request, do not wait.
///
/// Metrics: realtime_messages_received_total{type}, realtime_errors_total{code}: what clients were told. A span `realtime message` around what
/// handlers do.
///
/// Threads:  one, the connection's loop: that of its group, or hub_options::on.
/// Errors:   none leave it: what the client did wrong is answered, or closes the connection with the code that fits.
/// Lifetime: the hub holds it while the client is registered; after ended() it does nothing. It does not hold the hub, but the connection: which
///           lets go of it when it has been closed or has ended.
class session {
public:
    /// Registers the client under a new id, says `welcome`, and subscribes what the identity brings. Null, and the connection closed,
    /// when a limit of the hub says so.
    static std::shared_ptr<session> open(hub at, std::shared_ptr<connection> to, handshake from, identity who,
                                         session_options options = {});

    /// One whole message. False when no more should be read for now; what comes all the same, twice as much, closes the connection.
    bool receive(std::string_view text);

    void ended(close_code code);

    const client_id& id() const noexcept;

private:
    friend class detail::conversation;
    explicit session(detail::conversation& its) noexcept : its_(its) {}

    detail::conversation& its_; // which this is a part of
};

} // namespace infra::realtime
