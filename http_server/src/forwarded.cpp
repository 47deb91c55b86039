#include "forwarded.hpp"

#include "text.hpp"

#include <infra/http_server/options.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

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

struct network_parts {
    ip::address address;
    unsigned bits;
};

std::optional<network_parts> parse_network(std::string_view text) noexcept {
    const auto slash = std::min(text.find('/'), text.size());
    const auto address = parse_address(text.substr(0, slash));
    const unsigned longest = address && address->is_v4() ? 32 : 128;
    unsigned bits = longest;
    const char* end = text.data() + text.size();
    const bool readable = slash == text.size() ||
                          (slash + 1 < text.size() && std::from_chars(text.data() + slash + 1, end, bits).ptr == end);
    if (!address || !readable || bits > longest)
        return std::nullopt;
    return network_parts{*address, bits};
}

// --- RFC 7239 ---------------------------------------------------------------------------------------------------

// Parts of a list, where separators between quotes are none. Empty when a quote is left open.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"')
            quoted = !quoted;
        else if (quoted && text[at] == '\\')
            ++at;
        else if (!quoted && text[at] == separator) {
            parts.push_back(trimmed(text.substr(begin, at - begin)));
            begin = at + 1;
        }
    }
    if (quoted)
        return {};
    parts.push_back(trimmed(text.substr(begin)));
    return parts;
}

std::string unquoted(std::string_view text) {
    if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"'))
        return std::string(text);
    std::string plain;
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        if (text[at] == '\\' && at + 2 < text.size())
            ++at;
        plain += text[at];
    }
    return plain;
}

bool is_escaped(std::string_view text, std::size_t at) noexcept {
    std::size_t backslashes = 0;
    while (backslashes < at && text[at - 1 - backslashes] == '\\')
        ++backslashes;
    return backslashes % 2 == 1;
}

// Takes what the nearest proxy has written, from the right: a quote that a client left open swallows nothing of it. Nothing when that
// entry itself leaves one open.
std::optional<std::string_view> take_last(std::string_view& list) noexcept {
    bool quoted = false;
    auto at = list.size();
    for (; at > 0 && (quoted || list[at - 1] != ','); --at)
        if (list[at - 1] == '"' && !is_escaped(list, at - 1))
            quoted = !quoted;
    const auto entry = trimmed(list.substr(at));
    list = list.substr(0, at - std::min<std::size_t>(at, 1));
    return quoted ? std::nullopt : std::optional(entry);
}

/// One proxy's entry.
struct hop {
    std::optional<ip::address> client{}; ///< not there for `unknown` and `_names`
    std::optional<bool> secure{};
    std::optional<std::string> host{};
};

std::optional<hop> parse_hop(std::string_view text) {
    hop told;
    for (const auto pair : split(text, ';')) {
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos)
            return std::nullopt;
        const auto name = pair.substr(0, equals);
        const auto value = unquoted(pair.substr(equals + 1));
        if (equals_without_case(name, "for"))
            told.client = parse_entry(value);
        else if (equals_without_case(name, "proto"))
            told.secure = equals_without_case(value, "https");
        else if (equals_without_case(name, "host"))
            told.host = value;
    }
    return told;
}

} // namespace

networks::networks(const std::vector<std::string>& texts) {
    for (const std::string_view text : texts) {
        const auto parsed = parse_network(text);
        if (!parsed)
            throw std::invalid_argument("http::server_options::trusted_proxies: '" + std::string(text) +
                                        "' is not an address or a network such as 10.0.0.0/8");
        const auto& [address, bits] = *parsed;
        networks_.push_back({as_v6(address), address.is_v4() ? bits + mapped_bits : bits});
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

forwarded_origin origin_in_forwarded(ip::address peer, std::string_view forwarded, const networks& trusted) {
    forwarded_origin origin{.client = std::move(peer)};
    while (!forwarded.empty() && trusted.contains(origin.client)) {
        const auto entry = take_last(forwarded);
        const auto told = entry ? parse_hop(*entry) : std::nullopt;
        if (!told)
            break;
        if (told->secure)
            origin.secure = told->secure;
        if (told->host)
            origin.host = told->host;
        if (!told->client)
            break;
        origin.client = *told->client;
    }
    return origin;
}

std::string_view last_entry(std::string_view list) noexcept {
    const auto comma = list.rfind(',');
    return trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

} // namespace infra::http::detail

namespace infra::http {

bool is_network(std::string_view text) noexcept { return detail::parse_network(text).has_value(); }

} // namespace infra::http
