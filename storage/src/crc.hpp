#pragma once

// The arithmetic of CRC-32C and CRC-64/NVME: polynomials over GF(2), reflected (bit i stands for x^(width-1-i)), modulo the CRC's own.
// A register is what is carried from byte to byte: a CRC with all bits turned over.

#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <string_view>

namespace infra::storage::crc {

int width(checksum_kind kind) noexcept;

/// The register after `bytes`, eight at a time by tables.
std::uint64_t move_on_by_table(checksum_kind kind, std::uint64_t reg, std::string_view bytes) noexcept;

/// The same by the processor's carry-less multiplication, sixty-four at a time. Only where can_fold().
std::uint64_t move_on_by_folding(checksum_kind kind, std::uint64_t reg, std::string_view bytes) noexcept;
bool can_fold() noexcept;

/// The CRC of more, from that of what came before.
std::uint64_t update(checksum_kind kind, std::uint64_t value, std::string_view bytes) noexcept;

/// The CRC of both runs, from that of each and the second's length.
std::uint64_t join(checksum_kind kind, std::uint64_t first, std::uint64_t second, std::uint64_t second_size) noexcept;

} // namespace infra::storage::crc
