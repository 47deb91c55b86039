#pragma once

/// Who a server of a test is, to those who trust it.

#include "tests/support.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace infra::redis {

/// A key and a certificate for redis.test and 127.0.0.1 that signs itself.
class identity {
public:
    identity();

    std::string certificate() const { return folder_.path() + "/cert.pem"; }
    std::string key() const { return folder_.path() + "/key.pem"; }

    /// As `openssl rehash` would call it.
    std::string hashed_name() const;

    /// What makes a redis-server speak TLS as such on this port, to whoever comes.
    std::vector<std::string> words_of_a_server(std::uint16_t port) const;

private:
    temporary_folder folder_;
    unsigned long hash_ = 0;
};

} // namespace infra::redis
