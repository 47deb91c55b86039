#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace infra::email {

/// ASCII alone, whatever the locale: names of fields, schemes.
inline std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return made;
}

} // namespace infra::email
