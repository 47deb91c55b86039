#include "origin.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::realtime::websocket {
namespace {

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

std::string_view usual_port(std::string_view scheme) noexcept {
    return scheme == "https" || scheme == "wss" ? "443" : "80";
}

bool is_digits(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A name or an IPv4 address, or an IPv6 one in brackets.
bool is_host(std::string_view host) noexcept {
    if (host.starts_with('[') && host.ends_with(']'))
        return host.size() > 2 && host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1;
    if (host.starts_with("*."))
        host.remove_prefix(2);
    return !host.empty() && std::ranges::all_of(host, is_host_character);
}

// "host", "host:port", "[::1]:port".
std::optional<web_origin> parse_authority(std::string_view scheme, std::string_view authority) {
    web_origin made{.scheme = in_lower_case(scheme), .host = {}, .port = {}};
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    made.host = in_lower_case(authority.substr(0, has_port ? colon : authority.size()));
    made.port = has_port ? authority.substr(colon + 1) : usual_port(made.scheme);
    if (!is_host(made.host) || !is_digits(made.port))
        return std::nullopt;
    return made;
}

bool fits(const web_origin& origin, const web_origin& pattern) noexcept {
    if (origin.scheme != pattern.scheme || origin.port != pattern.port)
        return false;
    if (!pattern.host.starts_with("*."))
        return origin.host == pattern.host;
    const auto tail = std::string_view(pattern.host).substr(1);
    return origin.host.size() > tail.size() && origin.host.ends_with(tail);
}

} // namespace

std::optional<web_origin> parse_origin(std::string_view text) {
    const auto end = text.find("://");
    if (end == 0 || end == std::string_view::npos)
        return std::nullopt;
    return parse_authority(text.substr(0, end), text.substr(end + 3));
}

void check_origins(const std::vector<std::string>& allowed, std::string_view option) {
    for (const auto& each : allowed)
        if (each != "*" && !parse_origin(each))
            throw std::invalid_argument(std::string(option) + ": '" + each +
                                        "' is not an origin such as https://shop.example or https://*.shop.example");
}

bool is_allowed_origin(std::string_view origin, const std::vector<std::string>& allowed, const called_as& us) {
    const auto page = parse_origin(origin);
    const bool readable = page && !page->host.starts_with('*');
    if (!allowed.empty())
        return std::ranges::any_of(allowed, [&](const std::string& each) {
            return each == "*" || (readable && fits(*page, *parse_origin(each)));
        });
    if (!readable || (us.scheme == "https" && page->scheme != "https"))
        return false;
    const auto ours = parse_authority(page->scheme, us.host);
    return ours && *ours == *page;
}

} // namespace infra::realtime::websocket
