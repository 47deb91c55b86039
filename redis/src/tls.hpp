#pragma once

// TLS for the client. OpenSSL is included by tls.cpp and nowhere else.

#include "transport.hpp"

#include <infra/redis/options.hpp>

#include <memory>
#include <string>

namespace infra::redis::detail {

/// Whom to trust, read once for all of a client's connections.
class tls_context {
public:
    virtual ~tls_context() = default;

    /// Shakes hands with the server, which must prove to be `name`. Throws infra::error, errc::refused, saying why it
    /// did not.
    virtual awaitable<std::unique_ptr<transport>> wrap(stream_socket socket, std::string name) = 0;
};

/// Throws infra::error, errc::misconfigured, when the certificates cannot be used.
std::shared_ptr<tls_context> make_tls_context(const tls_options& options);

} // namespace infra::redis::detail
