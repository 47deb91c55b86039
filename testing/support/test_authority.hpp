#pragma once

/// A certification authority made on the spot, and what it certifies. Tests that need one compile test_authority.cpp.
///
///     const infra::testing::test_authority authority;
///     serve_with(authority.issue({.alternative_name = "DNS:shop.test"}));     // certificate and key in one PEM file
///     http::client http(ex, {.tls = {.ca_file = authority.ca_file()}});

#include <infra/testing/redis_server.hpp>

#include <memory>
#include <string>

namespace infra::testing {

/// Threads:  one at a time.
/// Lifetime: its files go with it.
class test_authority {
public:
    test_authority();
    ~test_authority();
    test_authority(const test_authority&) = delete;
    test_authority& operator=(const test_authority&) = delete;

    /// For clients: whom to trust.
    std::string ca_file() const;

    struct subject {
        std::string alternative_name = "IP:127.0.0.1"; ///< as OpenSSL writes it
        long valid_from = -3600;                       ///< seconds from now
        long valid_until = 3600;
    };

    /// For servers: the certificate and its key, in one PEM file.
    std::string issue(const subject& to) const;
    std::string issue() const { return issue({}); }

private:
    struct secret;
    temporary_folder folder_;
    std::unique_ptr<secret> secret_;
};

} // namespace infra::testing
