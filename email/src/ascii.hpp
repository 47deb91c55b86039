#pragma once

// Letters and blanks in ASCII alone, whatever the locale: names of fields and files, schemes, hosts.

#include <algorithm>
#include <string>
#include <string_view>

namespace infra::email {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter_or_digit(char c) noexcept { return is_letter(c) || is_digit(c); }

constexpr char lower_letter(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(), lower_letter);
    return made;
}

constexpr std::string_view white_space = " \t\r\n";

/// Without the blanks at both ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks) noexcept {
    const auto begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

} // namespace infra::email
