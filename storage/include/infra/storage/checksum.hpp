#pragma once

/// Checksums that tell whether what arrived is what was sent.
///
///     checksum sum(checksum_kind::crc32c);
///     sum.update(first).update(second);
///     send_header("x-amz-checksum-crc32c", sum.base64());
///     auto whole = combine(sum_of_part_1, sum_of_part_2, size_of_part_2);   // without reading again
///
/// CRC-32C is Castagnoli's (RFC 3720 B.4), CRC-64/NVME that of the NVM Express specification; both as S3 uses them, big-endian
/// in Base64. By the processor's own instructions where it has them, found out at run time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

enum class checksum_kind : std::uint8_t { crc32c, crc64nvme };

std::string_view to_string(checksum_kind k) noexcept; ///< "crc32c", as in the header's name

/// A checksum and what it is one of.
///
/// Threads: a value.
class checksum {
public:
    constexpr explicit checksum(checksum_kind kind = checksum_kind::crc32c, std::uint64_t value = 0) noexcept
        : kind_(kind), value_(value) {}

    checksum& update(std::string_view bytes) noexcept;

    checksum_kind kind() const noexcept { return kind_; }
    std::uint64_t value() const noexcept { return value_; } ///< of no bytes: 0
    std::string base64() const;
    std::string hex() const;

    /// Empty for what is not 4 or 8 bytes of Base64. Composite values (`…-3`) are none.
    static std::optional<checksum> from_base64(checksum_kind kind, std::string_view text);

    friend bool operator==(const checksum&, const checksum&) noexcept = default;

private:
    checksum_kind kind_;
    std::uint64_t value_;
};

checksum checksum_of(std::string_view bytes, checksum_kind kind = checksum_kind::crc32c) noexcept;

/// Of two runs of bytes one behind the other, from those of each and the second's length. Both of one kind, or
/// std::invalid_argument.
checksum combine(const checksum& first, const checksum& second, std::uint64_t second_size);

} // namespace infra::storage
