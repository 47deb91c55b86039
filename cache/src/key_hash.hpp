#pragma once

// A 64-bit hash with a secret seed: whoever chooses keys cannot fill one part of the table, or one shard.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace infra::cache {

namespace detail {

inline constexpr std::uint64_t odd_factor = 0x9e3779b97f4a7c15;

inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
std::uint64_t load(const char* from) noexcept {
    Word word = 0;
    std::memcpy(&word, from, sizeof word); // of a size that the compiler knows: no call
    return word;
}

struct two_words {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// Of at most 16 bytes; the words overlap where there are fewer than both have room for.
inline two_words load_up_to_16(const char* from, std::size_t n) noexcept {
    if (n >= 8)
        return {load<std::uint64_t>(from), load<std::uint64_t>(from + n - 8)};
    if (n >= 4)
        return {load<std::uint32_t>(from), load<std::uint32_t>(from + n - 4)};
    if (n > 0)
        return {load<std::uint8_t>(from) << 8 | load<std::uint8_t>(from + n / 2), load<std::uint8_t>(from + n - 1)};
    return {};
}

} // namespace detail

/// As memcmp() would say; a key is short, and so compared without a call.
inline bool same_bytes(const char* a, const char* b, std::size_t n) noexcept {
    std::uint64_t differ = 0;
    for (; n > 16; a += 16, b += 16, n -= 16)
        differ |= (detail::load<std::uint64_t>(a) ^ detail::load<std::uint64_t>(b)) |
                  (detail::load<std::uint64_t>(a + 8) ^ detail::load<std::uint64_t>(b + 8));
    const auto x = detail::load_up_to_16(a, n), y = detail::load_up_to_16(b, n);
    return (differ | (x.first ^ y.first) | (x.second ^ y.second)) == 0;
}

/// The secret, as both factors of a product carry it: with one that is known, a key could make a product of zero, whatever
/// comes before and after.
struct hash_seed {
    hash_seed(std::uint64_t secret) noexcept
        : first(secret), second(detail::multiply_fold(secret ^ detail::odd_factor, detail::odd_factor)) {}

    std::uint64_t first;
    std::uint64_t second;
};

inline std::uint64_t hash_key(std::string_view key, const hash_seed& seed) noexcept {
    auto state = seed.first ^ key.size();
    const char* at = key.data();
    auto left = key.size();
    for (; left > 16; at += 16, left -= 16)
        state = detail::multiply_fold(detail::load<std::uint64_t>(at) ^ seed.second,
                                      detail::load<std::uint64_t>(at + 8) ^ state);
    const auto last = detail::load_up_to_16(at, left);
    return detail::multiply_fold(detail::multiply_fold(last.first ^ seed.second, last.second ^ state),
                                 detail::odd_factor);
}

} // namespace infra::cache
