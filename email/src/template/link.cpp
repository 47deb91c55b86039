#include "link.hpp"

#include "../ascii.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>

namespace infra::email {
namespace {

bool begins_with_any(std::string_view text, const auto& schemes) {
    return std::ranges::any_of(schemes, [&](std::string_view each) {
        return std::ranges::equal(text.substr(0, each.size()), each, {}, lower_letter);
    });
}

// Browsers drop control characters and leading space before they look for a scheme.
bool leads_under(std::string_view scheme, std::string_view url) noexcept {
    for (const char c : url) {
        if (scheme.empty())
            break;
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
            continue;
        if (lower_letter(c) != scheme.front())
            return false;
        scheme.remove_prefix(1);
    }
    return scheme.empty();
}

bool leads_under_any(std::string_view url, const auto& schemes) noexcept {
    return std::ranges::any_of(schemes, [&](std::string_view each) { return leads_under(each, url); });
}

constexpr std::array<bool, 256> url_character = [] {
    std::array<bool, 256> allowed{};
    for (const char c : std::string_view("-._~:/?#[]@!$&'()*+,;=%"))
        allowed[static_cast<unsigned char>(c)] = true;
    for (int c = 0; c < 128; ++c)
        allowed[static_cast<std::size_t>(c)] |= is_letter_or_digit(static_cast<char>(c));
    return allowed;
}();

// All that RFC 3986 lets stand in a URL, the percent sign too; the rest is encoded.
void append_url_characters(std::string& to, std::string_view text) {
    const auto is_allowed = [](char c) { return url_character[static_cast<unsigned char>(c)]; };
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_allowed) - text.begin());
        to += text.substr(0, plain);
        text.remove_prefix(plain);
        if (!text.empty())
            to += encoding::percent_encode(text.substr(0, 1));
        text.remove_prefix(std::min<std::size_t>(1, text.size()));
    }
}

bool is_piece_of_host(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_host(std::string_view text) noexcept {
    const auto colon = std::min(text.find(':'), text.size());
    const auto host = text.substr(0, colon), port = text.substr(std::min(colon + 1, text.size()));
    return !host.empty() &&
           std::ranges::all_of(host, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; }) &&
           std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

/// Where in a URL the next character would stand.
enum class place { begin, host, mail, phone, component };

place place_after(std::string_view url) {
    if (url.empty())
        return place::begin;
    if (begins_with_any(url, std::array<std::string_view, 1>{"mailto:"}))
        return url.find('?') == std::string_view::npos ? place::mail : place::component;
    if (begins_with_any(url, std::array<std::string_view, 1>{"tel:"}))
        return place::phone;
    const auto slashes = url.find("//");
    const bool has_authority = slashes != std::string_view::npos && url.find_first_of("/?#") == slashes;
    if (has_authority && url.find_first_of("/?#", slashes + 2) == std::string_view::npos)
        return place::host;
    return place::component;
}

// In a path `.` and `..` lead elsewhere, encoded or not, so no value may bring one there.
bool is_dots(std::string_view value) noexcept { return value.find_first_not_of('.') == std::string_view::npos; }

bool has_forbidden_scheme(std::string_view url) {
    constexpr std::array<std::string_view, 4> forbidden{"javascript:", "vbscript:", "file:", "data:"};
    return leads_under_any(url, forbidden);
}

bool ends_host(const parts& target, std::size_t next) {
    return next == target.size() || (!target[next].is_place() && target[next].text.find_first_of("/?#") == 0);
}

} // namespace

bool is_forbidden_target(const parts& target, target_kind kind) {
    constexpr std::array<std::string_view, 4> pictures{"data:image/gif;", "data:image/jpeg;", "data:image/png;",
                                                       "data:image/webp;"};
    if (target.empty() || target.front().is_place())
        return false;
    const auto& text = target.front().text;
    return has_forbidden_scheme(text) && !(kind == target_kind::image && leads_under_any(text, pictures));
}

std::string fill_target(const parts& target, const lookup& values) {
    constexpr std::array<std::string_view, 4> schemes{"http://", "https://", "mailto:", "tel:"};
    std::string url;
    bool has_value = false;
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (!target[i].is_place()) {
            append_url_characters(url, target[i].text);
            continue;
        }
        const auto found = values(target[i].name);
        if (!found) {
            url += encoding::percent_encode(target[i].text);
            continue;
        }
        has_value = true;
        const std::string_view value = trimmed(*found, white_space);
        switch (place_after(url)) {
        case place::begin:
            if (!begins_with_any(value, schemes))
                return {};
            append_url_characters(url, value);
            break;
        case place::host: {
            const bool alone = url.ends_with("//") && ends_host(target, i + 1);
            if (!(alone ? is_host(value) : is_piece_of_host(value)))
                return {};
            url += value;
            break;
        }
        case place::mail: url += encoding::percent_encode(value, "@"); break;
        case place::phone: url += encoding::percent_encode(value, "+"); break;
        case place::component:
            if (url.find_first_of("?#") == std::string::npos && !found->empty() && is_dots(*found))
                return {};
            url += encoding::percent_encode(*found);
            break;
        }
    }
    if (has_value && has_forbidden_scheme(url)) // a value may complete what the template's text only begins
        return {};
    return url;
}

} // namespace infra::email
