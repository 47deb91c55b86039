#pragma once

#include "sigv4.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::sigv4 {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline std::string lower(std::string_view text) {
    std::string made(text);
    for (char& c : made)
        c = lower(c);
    return made;
}

/// Of header and form fields: without regard to case.
constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Of the first field of this name.
inline std::optional<std::string_view> field_of(const fields& in, std::string_view name) noexcept {
    for (const auto& [key, value] : in)
        if (same_name(key, name))
            return value;
    return std::nullopt;
}

} // namespace infra::storage::sigv4
