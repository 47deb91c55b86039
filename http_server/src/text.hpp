#pragma once

// What several parsers here do with text.

#include <algorithm>
#include <string_view>

namespace infra::http::detail {

/// Without the white space of HTTP, spaces and tabs, at both ends.
inline std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes the first item off a separated list.
inline std::string_view take_item(std::string_view& list, char separator) noexcept {
    const auto end = std::min(list.find(separator), list.size());
    const auto item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return item;
}

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline bool equals_without_case(std::string_view text, std::string_view lower_case) noexcept {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char c, char expected) { return to_lower(c) == expected; });
}

} // namespace infra::http::detail
