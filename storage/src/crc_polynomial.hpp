#pragma once

#include <infra/storage/checksum.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace infra::storage::crc {

template <checksum_kind Kind>
struct polynomial;

template <>
struct polynomial<checksum_kind::crc32c> {
    static constexpr int width = 32;
    static constexpr std::uint64_t reflected = 0x82f63b78;
};

template <>
struct polynomial<checksum_kind::crc64nvme> {
    static constexpr int width = 64;
    static constexpr std::uint64_t reflected = 0x9a6c9329ac4bc9b5;
};

template <checksum_kind Kind>
inline constexpr std::uint64_t all_ones = ~std::uint64_t{0} >> (64 - polynomial<Kind>::width);

/// x^0.
template <checksum_kind Kind>
inline constexpr std::uint64_t one = std::uint64_t{1} << (polynomial<Kind>::width - 1);

template <checksum_kind Kind>
constexpr std::uint64_t times_x(std::uint64_t p) noexcept {
    return (p >> 1) ^ ((p & 1) ? polynomial<Kind>::reflected : 0);
}

template <checksum_kind Kind>
constexpr std::uint64_t times(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t product = 0;
    for (auto power = one<Kind>; power != 0; power >>= 1) {
        if (a & power)
            product ^= b;
        b = times_x<Kind>(b);
    }
    return product;
}

/// x^(2^k) for each k: what the length of any run in bits is made of.
template <checksum_kind Kind>
inline constexpr auto squarings = [] {
    std::array<std::uint64_t, 67> table{};
    table[0] = times_x<Kind>(one<Kind>);
    for (std::size_t k = 1; k < table.size(); ++k)
        table[k] = times<Kind>(table[k - 1], table[k - 1]);
    return table;
}();

/// x^(8n): what a run of n bytes behind it does to a CRC.
template <checksum_kind Kind>
constexpr std::uint64_t behind_bytes(std::uint64_t n) noexcept {
    auto power = one<Kind>;
    for (std::size_t k = 3; n != 0; ++k, n >>= 1)
        if (n & 1)
            power = times<Kind>(power, squarings<Kind>[k]);
    return power;
}

/// x^n, for constants.
template <checksum_kind Kind>
constexpr std::uint64_t x_to_the(int n) noexcept {
    auto power = one<Kind>;
    for (int i = 0; i < n; ++i)
        power = times_x<Kind>(power);
    return power;
}

} // namespace infra::storage::crc
