#include <infra/http_server/cookie.hpp>

#include "text.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::http {
namespace {

constexpr std::string_view separators = "()<>@,;:\\\"/[]?={} \t";

constexpr bool is_visible(char c) noexcept { return c > 0x20 && c < 0x7f; }

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_visible(c) && separators.find(c) == std::string_view::npos;
    });
}

bool is_cookie_value(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_visible(c) && std::string_view("\",;\\").find(c) == std::string_view::npos;
    });
}

bool is_attribute(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != ';'; });
}

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(sentence);
}

void check(const cookie& c) {
    require(is_token(c.name), "http::cookie::name must be a token (RFC 6265 section 4.1.1)");
    require(is_cookie_value(c.value),
            "http::cookie::value must not contain white space, controls, quotes, commas, semicolons or backslashes");
    require(c.path.starts_with('/') && is_attribute(c.path), "http::cookie::path must begin with '/' and hold no ';'");
    require(is_attribute(c.domain), "http::cookie::domain must be a host name");
    require(c.sites != same_site::none || c.secure, "http::cookie::secure must be set when sites is same_site::none");
}

std::string_view unquoted(std::string_view value) noexcept {
    return value.size() >= 2 && value.starts_with('"') && value.ends_with('"') ? value.substr(1, value.size() - 2)
                                                                               : value;
}

} // namespace

std::string to_set_cookie(const cookie& c) {
    check(c);
    static constexpr std::string_view sites[] = {"; SameSite=Strict", "; SameSite=Lax", "; SameSite=None"};
    std::string text = c.name + "=" + c.value + "; Path=" + c.path;
    if (!c.domain.empty())
        text += "; Domain=" + c.domain;
    if (c.max_age)
        text += "; Max-Age=" + std::to_string(std::max<std::chrono::seconds::rep>(c.max_age->count(), 0));
    if (c.http_only)
        text += "; HttpOnly";
    if (c.secure)
        text += "; Secure";
    return text.append(sites[static_cast<std::size_t>(c.sites)]);
}

std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) noexcept {
    while (!header.empty()) {
        const auto pair = detail::take_item(header, ';');
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && detail::trimmed(pair.substr(0, equals)) == name)
            return unquoted(detail::trimmed(pair.substr(equals + 1)));
    }
    return std::nullopt;
}

} // namespace infra::http
