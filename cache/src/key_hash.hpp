#pragma once

// A 64-bit hash with a secret seed: whoever chooses keys cannot fill one part of the table, or one shard.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace infra::cache {

namespace detail {

inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t load_up_to_8(const char* from, std::size_t n) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, n);
    return word;
}

} // namespace detail

inline std::uint64_t hash_key(std::string_view key, std::uint64_t seed) noexcept {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
    std::uint64_t state = detail::multiply_fold(seed ^ key.size(), odd);
    const char* at = key.data();
    auto left = key.size();
    for (; left > 8; at += 8, left -= 8)
        state = detail::multiply_fold(state ^ detail::load_up_to_8(at, 8), seed | 1);
    state = detail::multiply_fold(state ^ (left ? detail::load_up_to_8(at, left) : 0), odd ^ seed);
    return detail::multiply_fold(state, odd);
}

} // namespace infra::cache
