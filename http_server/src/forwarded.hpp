#pragma once

// Whom a request really comes from, when proxies stand in between.

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::http::detail {

namespace ip = boost::asio::ip;

/// A set of networks in CIDR notation. IPv4 addresses mapped into IPv6 count as IPv4.
class networks {
public:
    networks() = default;
    /// Throws std::invalid_argument that names the option and the text.
    explicit networks(const std::vector<std::string>& texts);

    bool empty() const noexcept { return networks_.empty(); }
    bool contains(ip::address address) const noexcept;

private:
    struct network {
        ip::address_v6::bytes_type prefix;
        unsigned bits;
    };
    std::vector<network> networks_;
};

/// The client: the first address from the right that is not a trusted proxy's. An entry that is no address ends the
/// walk, since what lies beyond was not written by anybody we trust.
ip::address forwarded_client(ip::address peer, std::string_view forwarded_for, const networks& trusted) noexcept;

/// What trusted proxies tell of a request; empty where they do not.
struct forwarded_origin {
    ip::address client;
    std::optional<bool> secure{};
    std::optional<std::string> host{};
};

/// The same from `Forwarded` (RFC 7239), all fields of that name as one list. Each proxy's entry tells whom it heard, and how: scheme
/// and host are those of the first trusted proxy on the way. What is malformed ends the walk.
forwarded_origin origin_in_forwarded(ip::address peer, std::string_view forwarded, const networks& trusted);

/// The last entry of a comma-separated list, which is the one our own proxy wrote.
std::string_view last_entry(std::string_view list) noexcept;

} // namespace infra::http::detail
