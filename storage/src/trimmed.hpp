#pragma once

#include <algorithm>
#include <string_view>

namespace infra::storage {

/// Without these characters at both ends.
inline std::string_view trimmed(std::string_view text, std::string_view of = " \t") noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(of), text.size()));
    return text.substr(0, text.find_last_not_of(of) + 1);
}

} // namespace infra::storage
