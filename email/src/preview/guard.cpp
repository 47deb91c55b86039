#include "guard.hpp"

#include <algorithm>

namespace infra::email::preview {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) noexcept { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view without_port(std::string_view host) noexcept {
    const auto name = host.starts_with('[') ? host.find(']') : std::string_view::npos;
    const auto colon = host.find(':', name == std::string_view::npos ? 0 : name);
    return host.substr(0, colon);
}

constexpr std::string_view page_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'";

// `sandbox`: nothing of it runs, also where somebody opens it outside its frame.
constexpr std::string_view mail_policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                                         "form-action 'none'; frame-ancestors 'self'; "
                                         "img-src data:";

http::response secured(http::response answer, std::string_view policy) {
    answer.headers.set("content-security-policy", policy);
    answer.headers.set("x-content-type-options", "nosniff");
    answer.headers.set("referrer-policy", "no-referrer");
    answer.headers.set("cross-origin-resource-policy", "same-origin");
    answer.headers.set("cache-control", "no-store");
    return answer;
}

} // namespace

bool is_for(std::string_view host, const std::vector<std::string>& names) {
    const auto name = without_port(host);
    return names.empty() || std::ranges::any_of(names, [&](const std::string& each) { return same(each, name); });
}

bool is_loaded_elsewhere(std::string_view fetch_site, std::string_view fetch_mode) noexcept {
    return !fetch_site.empty() && fetch_site != "same-origin" && fetch_site != "none" && fetch_mode != "navigate";
}

http::response page_response(int status, std::string html) {
    return secured(http::response::html(status, std::move(html)), page_policy);
}

http::response mail_response(std::string html, bool images) {
    return secured(http::response::html(std::move(html)), std::string(mail_policy) + (images ? " http: https:" : ""));
}

http::response asset_response(std::string_view content_type, std::string_view text) {
    return secured(http::response::of(200, content_type, std::string(text)), page_policy);
}

} // namespace infra::email::preview
