#include "guard.hpp"

#include "texts.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace infra::dashboard {
namespace {

std::optional<asio::ip::address> address_of(std::string_view text) noexcept {
    if (text.empty() || text.size() > 45)
        return std::nullopt;
    boost::system::error_code failed;
    const auto address = asio::ip::make_address(std::string(text), failed);
    return failed ? std::nullopt : std::optional(address);
}

bool is_loopback(std::string_view text) noexcept {
    const auto address = address_of(text);
    if (!address)
        return false;
    if (address->is_v6() && address->to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address->to_v6()).is_loopback();
    return address->is_loopback();
}

bool all_loopback(std::string_view list) noexcept {
    while (true) {
        const auto comma = std::min(list.find(','), list.size());
        if (!is_loopback(trimmed(list.substr(0, comma))))
            return false;
        if (comma == list.size())
            return true;
        list.remove_prefix(comma + 1);
    }
}

std::string_view without_port(std::string_view host) noexcept {
    if (host.starts_with('['))
        return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
    return host.substr(0, std::min(host.find(':'), host.size()));
}

} // namespace

role role_of(const shown& s) noexcept {
    if (s.by_service)
        return *s.by_service;
    return s.admin_token || s.session ? role::operate : role::none;
}

verdict judge(const shown& s, need wanted) noexcept {
    const bool by_token = s.admin_token && !s.by_service; // no browser sends it by itself
    if (!s.by_service && !by_token) {
        if (s.too_many && !s.session && wanted != need::page)
            return verdict::too_many;
        if (!s.from_here)
            return verdict::not_here;
        if (!s.local_host)
            return verdict::rebound;
    }
    if (wanted != need::page && s.by == asked_by::others && !by_token)
        return verdict::other_site;
    const auto may = role_of(s);
    if (may == role::none && s.by_service)
        return verdict::denied;
    if (wanted == need::page)
        return verdict::welcome;
    if (may == role::none)
        return verdict::stranger;
    if (wanted != need::operate)
        return verdict::welcome;
    if (!by_token && (s.by != asked_by::ours || !s.page_header))
        return verdict::other_site;
    return may == role::operate ? verdict::welcome : verdict::may_not;
}

http::response refusal(verdict v) {
    using http::response;
    switch (v) {
    case verdict::not_here:
        return response::error(
            403, "not_from_here",
            "this dashboard is open to the machine it runs on: use a tunnel, Authorization: Bearer with "
            "INFRA_ADMIN_TOKEN, or let the service say who may (dashboard_options::authorize)");
    case verdict::rebound: return response::error(421, "not_our_name", "call it by localhost, 127.0.0.1 or [::1]");
    case verdict::other_site:
        return response::error(403, "other_site", "this is for the dashboard's own pages: another site, or none, asks");
    case verdict::too_many: {
        auto made =
            response::error(429, "too_many_attempts", "too many wrong tokens came from this address; wait a minute");
        made.headers.set("Retry-After", "60");
        return made;
    }
    case verdict::denied: return response::error(403, "denied", "the service does not let you see its dashboard");
    case verdict::may_not: return response::error(403, "read_only", "you may look, but not change anything");
    case verdict::stranger:
    case verdict::welcome: break;
    }
    auto made = response::error(401, "not_logged_in",
                                "nobody is logged in: open the link that the service printed when it started");
    made.headers.set("WWW-Authenticate", "Bearer");
    return made;
}

bool is_from_here(const http::request& r) noexcept {
    if (!is_loopback(r.remote_address()))
        return false;
    // Of several fields the first may be the client's own, and a proxy writes one kind and passes on the other.
    const auto clients = r.headers().get_all("X-Forwarded-For");
    const auto others = r.headers().get_all("X-Real-IP");
    if (!std::ranges::all_of(clients, all_loopback) || !std::ranges::all_of(others, all_loopback))
        return false;
    return !r.headers().contains("Forwarded") && (!clients.empty() || (others.empty() && !r.headers().contains("Via")));
}

bool is_local_name(std::string_view host) noexcept {
    auto name = without_port(host);
    if (name.starts_with('[') && name.ends_with(']'))
        return is_loopback(name.substr(1, name.size() - 2));
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return lower == "localhost" || lower.ends_with(".localhost") || is_loopback(lower);
}

std::string address_from_here(std::string_view url) {
    std::string made(url);
    for (const auto& [any, here] : {std::pair("//0.0.0.0:", "//127.0.0.1:"), std::pair("//[::]:", "//[::1]:")})
        if (const auto at = made.find(any); at != std::string::npos)
            made.replace(at, std::string_view(any).size(), here);
    return made;
}

asked_by asking_site(const http::request& r) noexcept {
    if (const auto site = r.headers().get("Sec-Fetch-Site")) {
        if (*site == "same-origin")
            return asked_by::ours;
        return *site == "none" ? asked_by::person : asked_by::others;
    }
    const auto origin = r.headers().get("Origin");
    if (!origin)
        return asked_by::unknown;
    const bool same = *origin == std::string(r.scheme()) + "://" + std::string(r.host());
    return same ? asked_by::ours : asked_by::others;
}

std::string_view bearer_of(const http::request& r) noexcept {
    constexpr std::string_view scheme = "Bearer ";
    const auto given = r.header("Authorization");
    return given.starts_with(scheme) ? given.substr(scheme.size()) : std::string_view();
}

bool same_secret(std::string_view given, std::string_view secret) noexcept {
    return !secret.empty() && given.size() == secret.size() &&
           CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

} // namespace infra::dashboard
