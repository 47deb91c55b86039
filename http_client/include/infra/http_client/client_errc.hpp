#pragma once

/// Why there was no response.
///
///     catch (const infra::error& e) {
///         if (http::is_retryable(e.code()) && idempotent) try_again_later();
///         log::error(e.what());      // "GET api.example.com: no such host; check the name and the resolver"
///     }

#include <infra/base/error.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace infra::http {

/// What is special to HTTP. Of infra::errc the client uses timed_out (the deadline, or connect_timeout), closed (it was
/// stopped), overloaded (client_options::max_requests) and invalid_input (the URL).
enum class client_errc {
    dns = 1,   ///< the host's or the proxy's name has no address
    connect,   ///< no connection to host or proxy
    tls,       ///< the handshake was refused, the certificate is not trusted or for another host
    proxy,     ///< the proxy refused the tunnel
    lost,      ///< the connection ended before the response did, or before its TLS handshake
    protocol,  ///< what came is not HTTP, or its coding is broken
    too_large, ///< the response is over a limit
    redirect,  ///< one too many, to a bad place, or from https to http
};

const boost::system::error_category& client_category() noexcept;

inline boost::system::error_code make_error_code(client_errc e) noexcept {
    return {static_cast<int>(e), client_category()};
}

/// Whether the same request might succeed a little later: dns, connect, lost; timed_out and overloaded of infra::errc.
/// It does not say that repeating is harmless: after `lost` and `timed_out` the server may have done its work.
bool is_retryable(const boost::system::error_code& code) noexcept;

/// "dns", "timed_out", "cancelled" …, the `status` of a request without one in metrics and the span's `error.type`.
std::string_view failure_name(const boost::system::error_code& code) noexcept;

/// What send() throws for a request that got no response.
///
///     catch (const http::client_error& e) {
///         if (!e.may_have_arrived()) try_another_server();       // this one has done nothing
///     }
class client_error : public error {
public:
    client_error(boost::system::error_code code, std::string sentence, bool may_have_arrived);

    /// False: no byte of it was sent, so that the server has certainly done nothing. True: it may have received everything,
    /// part or nothing.
    bool may_have_arrived() const noexcept { return may_have_arrived_; }

private:
    bool may_have_arrived_;
};

} // namespace infra::http

template <>
struct boost::system::is_error_code_enum<infra::http::client_errc> : std::true_type {};
