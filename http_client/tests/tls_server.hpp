#pragma once

/// Connections under TLS.
///
///     const testing::test_authority authority;
///     test_server server(ex, answering(response(200, "ok")), over_tls(authority.issue()));

#include "test_authority.hpp"
#include "tests/support.hpp"

#include <string>

namespace infra::http {

/// For test_server: TLS with the certificate and the key in this PEM file.
test_server::wrapper over_tls(const std::string& certificate);

/// The same, choosing HTTP/2 where the client offers it.
test_server::wrapper over_http2(const std::string& certificate);

} // namespace infra::http
