#pragma once

// JSON strings without an escape, which most are: such a one is its own text between the quotes. Inline, since a hit of 100
// bytes looks at each of them.

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace infra::cache::detail {

inline bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

using sixteen = unsigned char __attribute__((vector_size(16)));

inline sixteen sixteen_at(const char* from) noexcept {
    sixteen all;
    std::memcpy(&all, from, sizeof all);
    return all;
}

/// What is plain ASCII, sixteen at a time: by minima and maxima, since each is one instruction, and a comparison with what
/// follows from it is several.
class plain_ascii {
public:
    void look_at(sixteen text) noexcept {
        const sixteen above_space = text - 0x20; // what is below it wraps round
        highest_ = highest_ > above_space ? highest_ : above_space;
        const sixteen from_quote = text ^ '"', from_backslash = text ^ '\\';
        nearest_ = nearest_ < from_quote ? nearest_ : from_quote;
        nearest_ = nearest_ < from_backslash ? nearest_ : from_backslash;
    }
    bool holds() const noexcept {
        const auto odd = (highest_ > 0x7f - 0x20) | (nearest_ == 0);
        std::uint64_t halves[2];
        std::memcpy(halves, &odd, sizeof halves);
        return (halves[0] | halves[1]) == 0;
    }

private:
    sixteen highest_{};
    sixteen nearest_ = ~sixteen{};
};

inline bool is_plain_ascii(std::string_view text) noexcept {
    constexpr auto step = sizeof(sixteen);
    if (text.size() < step)
        return std::ranges::all_of(text, [](char c) { return is_plain(c) && static_cast<unsigned char>(c) < 0x80; });
    plain_ascii seen;
    for (std::size_t i = 0; i + step <= text.size(); i += step)
        seen.look_at(sixteen_at(text.data() + i));
    seen.look_at(sixteen_at(text.data() + text.size() - step)); // overlaps, where that is not a whole number of steps
    return seen.holds();
}

inline std::string_view inside_quotes(std::string_view json) noexcept { return json.substr(1, json.size() - 2); }

inline bool is_plain_string(std::string_view json) noexcept {
    if (json.size() < 2 || json.front() != '"' || json.back() != '"')
        return false;
    const auto inner = inside_quotes(json);
    return is_plain_ascii(inner) || (std::ranges::all_of(inner, is_plain) && encoding::is_utf8(inner));
}

} // namespace infra::cache::detail
