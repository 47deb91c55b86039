#include "target.hpp"

#include "text.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::http::detail {
namespace {

constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

target_parts split_query(std::string_view path_and_query) noexcept {
    const auto mark = path_and_query.find('?');
    if (mark == std::string_view::npos)
        return {.path = path_and_query, .query = {}, .authority = {}};
    return {.path = path_and_query.substr(0, mark), .query = path_and_query.substr(mark + 1), .authority = {}};
}

std::optional<target_parts> split_absolute(std::string_view target, std::size_t scheme_size) noexcept {
    const auto rest = target.substr(scheme_size);
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    const auto authority = rest.substr(0, end);
    if (authority.empty() || !is_host(authority))
        return std::nullopt;
    auto parts = split_query(rest.substr(end));
    parts.authority = authority;
    if (parts.path.empty()) // means "/"; the parts lie in the target, so it is the one that ends the scheme
        parts.path = target.substr(scheme_size - 1, 1);
    return parts;
}

} // namespace

std::optional<target_parts> split_target(std::string_view target, method m) noexcept {
    if (target.find('#') != std::string_view::npos)
        return std::nullopt;
    if (target.starts_with('/'))
        return split_query(target);
    if (target == "*" && m == method::options)
        return target_parts{.path = target, .query = {}, .authority = {}};
    for (const std::string_view scheme : {"http://", "https://"})
        if (equals_without_case(target.substr(0, scheme.size()), scheme))
            return split_absolute(target, scheme.size());
    return std::nullopt;
}

std::optional<std::string> decode_path(std::string_view raw) {
    auto decoded = encoding::percent_decode(raw);
    if (decoded && (std::any_of(decoded->begin(), decoded->end(), is_control) || !encoding::is_utf8(*decoded)))
        return std::nullopt;
    return decoded;
}

bool is_host(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:[]%").find(c) != std::string_view::npos;
    });
}

bool is_request_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

} // namespace infra::http::detail
