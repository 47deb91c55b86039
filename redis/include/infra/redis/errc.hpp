#pragma once

/// Why there was no reply, and what may have happened all the same.
///
///     catch (const infra::error& e) {
///         if (redis::may_have_been_executed(e.code())) look_before_doing_it_again();
///         log::error(e.what());   // "INCR at redis://10.0.0.5:6379/0: the connection was lost after it was sent; …"
///     }

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace infra::redis {

/// What is special to Redis. Of infra::errc the client uses timed_out (the deadline passed before the command was
/// sent), overloaded (the queue is at its bound), closed (it was stopped before) and invalid_input (a command that
/// cannot be sent this way, a malformed URL); boost::system::errc::not_enough_memory: there was not the memory to send it.
enum class errc {
    lost = 1,      ///< the connection ended after the command was sent: it may have been executed
    unanswered,    ///< the deadline passed after the command was sent: it may have been executed
    not_connected, ///< the deadline passed and there was no connection, or no ready server: it was not executed
    refused,       ///< the server is there and does not want us: password, rights, TLS, too many clients
    protocol,      ///< what came is not Redis' protocol
    too_large,     ///< the reply is over options::max_reply_bytes, or there was not the memory for it
    wrong_type,    ///< the reply is not what was asked for
    server,        ///< the server answered with an error
    exhausted,     ///< all connections for blocking commands are in use
};

const boost::system::error_category& category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

/// True of lost, unanswered, protocol and too_large: the command had been sent, and what came of it is not known. After
/// asio::error::operation_aborted it is as well whenever the command had been sent when its caller was cancelled.
bool may_have_been_executed(const boost::system::error_code& code) noexcept;

} // namespace infra::redis

template <>
struct boost::system::is_error_code_enum<infra::redis::errc> : std::true_type {};
