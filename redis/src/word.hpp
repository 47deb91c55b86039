#pragma once

// The words of commands, which servers read in any case.

#include <cstddef>
#include <string_view>

namespace infra::redis::detail {

constexpr std::size_t longest_command_name = 20; // GEORADIUSBYMEMBER_RO

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

constexpr bool same_word(std::string_view a, std::string_view upper_b) {
    if (a.size() != upper_b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (upper(a[i]) != upper_b[i])
            return false;
    return true;
}

} // namespace infra::redis::detail
