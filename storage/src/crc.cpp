#include "crc.hpp"

#include "crc_polynomial.hpp"

#include <bit>
#include <cstring>

namespace infra::storage::crc {
namespace {

constexpr auto crc32c = checksum_kind::crc32c;
constexpr auto crc64nvme = checksum_kind::crc64nvme;

// tables[k][b]: the register after byte b and k zero bytes behind it.
using slices = std::array<std::array<std::uint64_t, 256>, 8>;

template <checksum_kind Kind>
constexpr slices tables = [] {
    slices all{};
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
        auto reg = byte;
        for (int bit = 0; bit < 8; ++bit)
            reg = times_x<Kind>(reg);
        all[0][byte] = reg;
    }
    for (std::size_t k = 1; k < all.size(); ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            all[k][byte] = all[0][all[k - 1][byte] & 0xff] ^ (all[k - 1][byte] >> 8);
    return all;
}();

std::uint64_t load_little_endian(const char* from) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    if constexpr (std::endian::native == std::endian::big)
        word = __builtin_bswap64(word);
    return word;
}

template <checksum_kind Kind>
std::uint64_t by_table(std::uint64_t reg, std::string_view bytes) noexcept {
    const auto& t = tables<Kind>;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        const auto word = reg ^ load_little_endian(bytes.data());
        reg = 0;
        for (std::size_t i = 0; i < 8; ++i)
            reg ^= t[7 - i][(word >> (8 * i)) & 0xff];
    }
    for (const char c : bytes)
        reg = t[0][(reg ^ static_cast<unsigned char>(c)) & 0xff] ^ (reg >> 8);
    return reg;
}

template <checksum_kind Kind>
std::uint64_t joined(std::uint64_t first, std::uint64_t second, std::uint64_t second_size) noexcept {
    return times<Kind>(first, behind_bytes<Kind>(second_size)) ^ second;
}

std::uint64_t move_on(checksum_kind kind, std::uint64_t reg, std::string_view bytes) noexcept {
    static const bool folds = can_fold();
    return folds ? move_on_by_folding(kind, reg, bytes) : move_on_by_table(kind, reg, bytes);
}

} // namespace

int width(checksum_kind kind) noexcept {
    return kind == crc32c ? polynomial<crc32c>::width : polynomial<crc64nvme>::width;
}

std::uint64_t move_on_by_table(checksum_kind kind, std::uint64_t reg, std::string_view bytes) noexcept {
    return kind == crc32c ? by_table<crc32c>(reg, bytes) : by_table<crc64nvme>(reg, bytes);
}

std::uint64_t update(checksum_kind kind, std::uint64_t value, std::string_view bytes) noexcept {
    const auto turned = kind == crc32c ? all_ones<crc32c> : all_ones<crc64nvme>;
    return move_on(kind, value ^ turned, bytes) ^ turned;
}

std::uint64_t join(checksum_kind kind, std::uint64_t first, std::uint64_t second, std::uint64_t second_size) noexcept {
    return kind == crc32c ? joined<crc32c>(first, second, second_size) : joined<crc64nvme>(first, second, second_size);
}

} // namespace infra::storage::crc
