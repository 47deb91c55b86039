#pragma once

/// A certificate made on the spot, and connections that show it.

#include "tests/support.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace infra::http {

/// A self-signed certificate and its key, kept as PEM in a file of its own while the object lives.
class test_certificate {
public:
    /// `subject_alternative_name` as OpenSSL writes it: "IP:127.0.0.1", "DNS:example.com".
    explicit test_certificate(const std::string& subject_alternative_name);
    ~test_certificate();
    test_certificate(const test_certificate&) = delete;
    test_certificate& operator=(const test_certificate&) = delete;

    const std::string& file() const noexcept { return file_; }

    /// For test_server: TLS with this certificate.
    test_server::wrapper wrapper() const;

    /// The same, choosing HTTP/2 where the client offers it.
    test_server::wrapper wrapper_with_http2() const;

private:
    std::string file_;
};

} // namespace infra::http
