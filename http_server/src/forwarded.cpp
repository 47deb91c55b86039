#include "forwarded.hpp"

#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace infra::http::detail {
namespace {

constexpr unsigned mapped_bits = 96; // ::ffff:0:0/96 is where IPv6 keeps IPv4

ip::address_v6::bytes_type as_v6(const ip::address& address) noexcept {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

bool same_bits(const ip::address_v6::bytes_type& a, const ip::address_v6::bytes_type& b, unsigned bits) noexcept {
    const auto whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin()))
        return false;
    const auto mask = static_cast<unsigned char>(0xff00u >> bits % 8);
    return bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

std::optional<ip::address> parse_address(std::string_view text) noexcept {
    if (text.empty() || text.size() > 45)
        return std::nullopt;
    boost::system::error_code failed;
    const auto address = ip::make_address(std::string(text), failed);
    return failed ? std::nullopt : std::optional(address);
}

// Some proxies write the port too: "203.0.113.7:4711", "[2001:db8::1]:4711".
std::optional<ip::address> parse_entry(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
    }
    if (std::count(text.begin(), text.end(), ':') == 1)
        text = text.substr(0, text.find(':'));
    return parse_address(text);
}

} // namespace

networks::networks(const std::vector<std::string>& texts) {
    for (const std::string_view text : texts) {
        const auto slash = std::min(text.find('/'), text.size());
        const auto address = parse_address(text.substr(0, slash));
        const unsigned longest = address && address->is_v4() ? 32 : 128;
        unsigned bits = longest;
        const char* end = text.data() + text.size();
        const bool readable = slash == text.size() || (slash + 1 < text.size() &&
                                                       std::from_chars(text.data() + slash + 1, end, bits).ptr == end);
        if (!address || !readable || bits > longest)
            throw std::invalid_argument("http::server_options::trusted_proxies: '" + std::string(text) +
                                        "' is not an address or a network such as 10.0.0.0/8");
        networks_.push_back({as_v6(*address), address->is_v4() ? bits + mapped_bits : bits});
    }
}

bool networks::contains(ip::address address) const noexcept {
    const auto bytes = as_v6(address);
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const network& n) { return same_bits(n.prefix, bytes, n.bits); });
}

ip::address forwarded_client(ip::address peer, std::string_view forwarded_for, const networks& trusted) noexcept {
    auto client = peer;
    while (!forwarded_for.empty() && trusted.contains(client)) {
        const auto entry = parse_entry(last_entry(forwarded_for));
        if (!entry)
            break;
        client = *entry;
        const auto comma = forwarded_for.rfind(',');
        forwarded_for = comma == std::string_view::npos ? std::string_view() : forwarded_for.substr(0, comma);
    }
    return client;
}

std::string_view last_entry(std::string_view list) noexcept {
    const auto comma = list.rfind(',');
    return trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

} // namespace infra::http::detail
