#pragma once

// Where the server is: asked anew before each connection, since elsewhere it may have moved.

#include <infra/base/awaitable.hpp>
#include <infra/redis/options.hpp>

#include <cstdint>
#include <string>

namespace infra::redis::detail {

struct address {
    std::string host{};
    std::uint16_t port = 0;
    std::string socket_path{}; ///< instead of both
};

/// The seam for what finds servers. Asked before each connection, it may answer differently each time.
class place {
public:
    virtual ~place() = default;

    /// Throws infra::error when nobody knows.
    virtual awaitable<address> find() = 0;
};

/// Always where the options say.
class fixed_place final : public place {
public:
    explicit fixed_place(const options& o) : address_{o.host, o.port, o.socket_path} {}
    awaitable<address> find() override { co_return address_; }

private:
    address address_;
};

} // namespace infra::redis::detail
