#pragma once

/// A certification authority made on the spot, and what it certifies.

#include "tests/support.hpp"

#include <string>

namespace infra::email::smtp {

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

} // namespace infra::email::smtp
