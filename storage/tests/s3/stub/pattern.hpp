#pragma once

/// Bytes that need no memory: benchmarks put and get gigabytes of them. They repeat after a MiB, and any run of up to a MiB lies in
/// one piece.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace infra::storage::stub {

inline constexpr std::size_t pattern_period = std::size_t{1} << 20;

inline const std::string& pattern() {
    static const std::string twice = [] {
        std::string bytes(2 * pattern_period, '\0');
        std::uint64_t state = 88172645463325252ull; // xorshift64
        for (std::size_t i = 0; i < pattern_period; ++i) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            bytes[i] = bytes[i + pattern_period] = static_cast<char>(state);
        }
        return bytes;
    }();
    return twice;
}

/// At most a MiB of the bytes from `offset` on.
inline std::string_view pattern_at(std::uint64_t offset, std::uint64_t length) {
    return std::string_view(pattern()).substr(offset % pattern_period, std::min<std::uint64_t>(length, pattern_period));
}

} // namespace infra::storage::stub
