#pragma once

/// One client's conversation with a hub: what stands between a transport, which moves text, and channels, which move messages. It speaks the
/// protocol of the README and keeps the client to its limits.
///
///     auto talk = session::open(hub, connection, handshake, identity);
///     if (!talk->receive(text)) stop_reading();       // until the connection is told to read on
///     talk->ended(close_code::going_away);
///
/// For those who write a transport.

#include <infra/realtime/hub.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace infra::realtime {

/// Asks hub_options::authenticate, within hub_limits::auth_time. Throws infra::error with the module's errc::forbidden, whatever the hook threw
/// (which goes to the log).
awaitable<identity> authenticate(hub at, handshake from);

struct session_options {
    std::string transport{};                ///< for client_info
    bool answers = true;                    ///< false for a transport that only reads: an event stream
    std::function<void()> read_on{};        ///< there is room for messages again, after receive() said false
    std::chrono::milliseconds ping{25'000}; ///< told to the client in `welcome`, so that it notices a dead server
};

/// Threads:  one, the connection's loop.
/// Errors:   none leave it: what the client did wrong is answered, or closes the connection with the code that fits.
/// Lifetime: the hub holds it while the client is registered; after ended() it does nothing.
class session {
public:
    /// Registers the client under a new id, says `welcome`, and subscribes what the identity brings. Null, and the connection closed,
    /// when a limit of the hub says so.
    static std::shared_ptr<session> open(hub at, std::shared_ptr<connection> to, handshake from, identity who,
                                         session_options options = {});

    /// One whole message. False when no more should be read for now.
    bool receive(std::string_view text);

    void ended(close_code code);

    const client_id& id() const noexcept;

    struct state;
    explicit session(std::shared_ptr<state> s) noexcept;

private:
    std::shared_ptr<state> state_;
};

} // namespace infra::realtime
