#pragma once

// Where the server is: asked anew before each connection, since elsewhere it may have moved.

#include "greeting.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/redis/options.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace infra::redis::detail {

struct address {
    std::string host{};
    std::uint16_t port = 0;
    std::string socket_path{}; ///< instead of both
    friend bool operator==(const address&, const address&) = default;
};

struct address_hash {
    std::size_t operator()(const address& a) const noexcept { return std::hash<std::string>()(a.host) * 31 + a.port; }
};

/// `[::1]:6379`, for messages.
std::string to_string(const address& a);

/// The seam for what finds servers. Asked before each connection, it may answer differently each time.
class place {
public:
    virtual ~place() = default;

    /// Throws infra::error when nobody knows. What it needs connections for, it makes on `ex`.
    virtual awaitable<address> find(executor ex, deadline limit) = 0;

    /// Throws infra::error when the server that was found is not what was looked for.
    virtual void check(const address& found, const server_facts& facts);

    /// There is nobody at what was found, or not whom check() wants.
    virtual void was_wrong(const address& found);

    /// `by` says that the server has moved.
    virtual void believe(const address& by);

    /// What is found may be another server the next time: where the connection leads tells.
    virtual bool is_a_name() const noexcept { return false; }
};

/// Always where the options say.
class fixed_place final : public place {
public:
    explicit fixed_place(const options& o) : address_{o.host, o.port, o.socket_path} {}
    awaitable<address> find(executor, deadline) override { co_return address_; }
    bool is_a_name() const noexcept override { return true; }

private:
    address address_;
};

} // namespace infra::redis::detail
