#include "endpoint.hpp"

#include "../sigv4/names.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <charconv>

namespace infra::storage::s3 {
namespace {

[[noreturn]] void refuse_endpoint(std::string_view name, std::string_view why) {
    throw error(infra::errc::misconfigured, std::string(name).append(": ").append(why));
}

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host(std::string_view host) noexcept {
    if (host.starts_with('['))
        return host.size() > 3 && host.ends_with(']') &&
               host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
    return !host.empty() && !host.starts_with('.') && host.find("..") == std::string_view::npos &&
           std::ranges::all_of(host, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_'; });
}

std::optional<std::uint16_t> port_of(std::string_view digits) noexcept {
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return problem == std::errc{} && end == digits.data() + digits.size() && port > 0 ? std::optional(port)
                                                                                      : std::nullopt;
}

// The path goes into what is signed as it is spelled here.
bool is_plain_path(std::string_view path) noexcept {
    return path.empty() ||
           (path.front() == '/' && path.find("//") == std::string_view::npos && std::ranges::all_of(path, [](char c) {
                return is_letter_or_digit(c) || std::string_view("/-._~").find(c) != std::string_view::npos;
            }));
}

bool ends_with_host(const endpoint& e, std::string_view domain) noexcept {
    return e.host.ends_with(domain) &&
           (e.host.size() == domain.size() || e.host[e.host.size() - domain.size() - 1] == '.');
}

} // namespace

std::string endpoint::authority() const { return port == 0 ? host : host + ":" + std::to_string(port); }

std::string endpoint::origin() const { return (secure ? "https://" : "http://") + authority(); }

endpoint parse_endpoint(std::string_view text, std::string_view name) {
    endpoint e{.secure = text.starts_with("https://")};
    if (!e.secure && !text.starts_with("http://"))
        refuse_endpoint(name, "expected a URL with its scheme, https://host, or http://host for one nearby");
    text.remove_prefix(e.secure ? 8 : 7);
    if (text.find_first_of("@?#") != std::string_view::npos)
        refuse_endpoint(name, "expected https://host[:port], without user, query and fragment; keys belong into "
                              "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY");
    auto authority = text.substr(0, text.find('/'));
    text.remove_prefix(authority.size());
    while (text.ends_with('/'))
        text.remove_suffix(1);
    if (const auto colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
        colon != std::string_view::npos) {
        const auto port = port_of(authority.substr(colon + 1));
        if (!port)
            refuse_endpoint(name, "expected a port from 1 to 65535 behind the host");
        e.port = *port == (e.secure ? 443 : 80) ? std::uint16_t{0} : *port;
        authority = authority.substr(0, colon);
    }
    if (!is_host(authority))
        refuse_endpoint(name, "expected a host's name or address behind the scheme");
    if (!is_plain_path(text))
        refuse_endpoint(name, "expected nothing in its path that needs percent-encoding");
    e.host = sigv4::lower(authority);
    e.path = text;
    return e;
}

endpoint endpoint_of_region(std::string_view region) {
    const std::string_view domain = region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
    return {.host = std::string("s3.").append(region).append(domain)};
}

bool is_of_aws(const endpoint& e) noexcept {
    return ends_with_host(e, "amazonaws.com") || ends_with_host(e, "amazonaws.com.cn");
}

bool is_region(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

bool is_r2(const endpoint& e) noexcept { return ends_with_host(e, "r2.cloudflarestorage.com"); }
bool is_b2(const endpoint& e) noexcept { return ends_with_host(e, "backblazeb2.com"); }

} // namespace infra::storage::s3
