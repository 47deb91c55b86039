#pragma once

/// How a conversation ends, and what goes wrong in it.
///
///     connection->close(realtime::close_code::slow, "12 MB behind; reconnect and resume");
///     if (may_reconnect(code)) …            // what the browser client asks

#include <infra/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace infra::realtime {

/// Close codes of RFC 6455 (1000 to 1011) and ours. After one of 4000 to 4499 a client comes back by itself; after 4500 to 4999 it does
/// not, since the same would happen again. Of the RFC's, 1001, 1005, 1006, 1011, 1012 and 1013 are worth coming back after.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    no_status = 1005, ///< never sent: the peer closed without a code
    abnormal = 1006,  ///< never sent: the peer has gone without a word
    invalid_payload = 1007,
    policy_violation = 1008,
    too_big = 1009,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,

    shutdown = 4000,      ///< this node is going; the reason is how many milliseconds to wait
    slow = 4001,          ///< the client reads slower than its channels speak
    no_pong = 4002,       ///< no answer to a ping
    token_expired = 4003, ///< come back with a new one
    lost_place = 4004,    ///< the node could not keep its promise; what was missed is in the history

    unauthorized = 4500, ///< who this is was not proved, or not in time
    forbidden = 4501,
    too_many_messages = 4502, ///< over a limit that the client should keep
    too_many_connections = 4503,
    bad_message = 4504,  ///< not a message of the protocol
    disconnected = 4505, ///< by an operator, or disconnect_user
    replaced = 4506,     ///< another connection has taken the same client id
};

std::string_view to_string(close_code c) noexcept; ///< "slow"
bool may_reconnect(close_code c) noexcept;

/// Whether a peer may send it in a close frame (RFC 6455, 7.4). 1014 is between gateways, and no client has a use for it.
bool is_sendable(std::uint16_t code) noexcept;

/// Of infra::errc the module uses timed_out (no reply), overloaded (a bound of ours), unavailable (no link to the other nodes), closed
/// (the hub has stopped), misconfigured and invalid_input.
enum class errc {
    no_client = 1, ///< no such client here
    forbidden,     ///< the authorise hook said no
    too_large,     ///< a message over hub_limits::max_message_bytes
    no_reply,      ///< the client has gone before it answered
    failed,        ///< the other side answered with an error; name() is its word
    bad_token,     ///< a signed channel name that is not ours, or too old
};

const boost::system::error_category& realtime_category() noexcept;
inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), realtime_category()}; }

/// Thrown by a request handler, it becomes the error the client gets: `throw realtime::failure("sold_out", "no seats are left")`. What else a
/// handler throws is logged, and the client gets "internal" and no sentence.
class failure : public error {
public:
    failure(std::string name, std::string sentence);
    const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
};

} // namespace infra::realtime

template <>
struct boost::system::is_error_code_enum<infra::realtime::errc> : std::true_type {};
