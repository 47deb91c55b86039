#pragma once

// Counters: whole numbers in decimal, which are JSON too.

#include <infra/cache/error.hpp>

#include <charconv>
#include <cstdint>
#include <string_view>

namespace infra::cache {

/// Throws errc::wrong_type where there is no number, or the sum has no room in 64 bits.
inline std::int64_t sum_of(std::string_view text, std::int64_t amount) {
    std::int64_t sum = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), sum);
    if (ec != std::errc() || end != text.data() + text.size())
        throw error(errc::wrong_type, "only a whole number can be incremented; there is another value under that key");
    if (__builtin_add_overflow(sum, amount, &sum))
        throw error(errc::wrong_type, "the sum has no room in 64 bits; the number stays as it was");
    return sum;
}

} // namespace infra::cache
