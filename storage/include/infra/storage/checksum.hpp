#pragma once

/// Checksums of objects: CRC-32C and CRC-64/NVME, which S3 knows of whole objects however these were cut, and SHA-256.
///
///     running_checksum sum(checksum_kind::crc32c);
///     sum.update(first).update(second);
///     send_header("x-amz-checksum-crc32c", sum.value().base64());
///     auto whole = combine(sum_of_part_1, sum_of_part_2, size_of_part_2);   // without reading again
///
/// Values are those of S3's `x-amz-checksum-…` headers: big endian, in Base64. CRCs go by the processor's own instructions where it
/// has them, found out at run time; SHA-256 is OpenSSL's.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

enum class checksum_kind : std::uint8_t { crc32c, crc64nvme, sha256 };

std::string_view to_string(checksum_kind k) noexcept; ///< "crc32c", as in the header's name
std::optional<checksum_kind> checksum_kind_from(std::string_view name) noexcept;

/// Whether that of a whole follows from those of its parts. It does of CRCs.
constexpr bool combines(checksum_kind k) noexcept { return k != checksum_kind::sha256; }

/// A checksum and what it is one of. Made, it is a CRC of no bytes.
///
/// Threads: a value; it holds whatever it is in itself.
class checksum {
public:
    constexpr checksum() noexcept = default;

    /// `bytes` are as many as the kind has, or std::invalid_argument.
    checksum(checksum_kind kind, std::string_view bytes);

    checksum_kind kind() const noexcept { return kind_; }
    std::string_view bytes() const noexcept; ///< 4, 8 or 32, big endian
    std::string base64() const;
    std::string hex() const;

    /// Empty for what is not as many bytes of Base64. Composite values (`…-3`) are none.
    static std::optional<checksum> from_base64(checksum_kind kind, std::string_view text);

    friend bool operator==(const checksum&, const checksum&) noexcept = default;

private:
    checksum_kind kind_ = checksum_kind::crc32c;
    std::array<char, 32> bytes_{}; // zero behind those that it has
};

/// A checksum of what comes piece by piece.
///
/// Threads: one at a time.
class running_checksum {
public:
    explicit running_checksum(checksum_kind kind = checksum_kind::crc32c);
    running_checksum(const running_checksum& other);
    running_checksum(running_checksum&& other) noexcept;
    running_checksum& operator=(running_checksum other) noexcept;
    ~running_checksum();

    running_checksum& update(std::string_view bytes);

    /// As update() with `size` bytes that are known by their checksum alone. Of a CRC of the same kind, or std::invalid_argument.
    running_checksum& update(const checksum& of_them, std::uint64_t size);

    checksum_kind kind() const noexcept { return kind_; }
    checksum value() const; ///< of all until now

private:
    struct sha256;

    checksum_kind kind_;
    std::uint64_t crc_ = 0;
    std::unique_ptr<sha256> sha256_; // null for CRCs
};

checksum checksum_of(std::string_view bytes, checksum_kind kind = checksum_kind::crc32c);

/// Of two runs of bytes one behind the other, from those of each and the second's length. CRCs of one kind, or
/// std::invalid_argument.
checksum combine(const checksum& first, const checksum& second, std::uint64_t second_size);

/// S3's checksum of an object that came by parts, where that of the whole does not follow from the parts': the checksum of their
/// checksums one behind the other. It is no checksum of the bytes, and another one for another size of the parts.
struct composite_checksum {
    checksum of_parts{};
    int parts = 0;

    std::string base64() const; ///< `…-3`, as in the headers

    /// Empty for what is none.
    static std::optional<composite_checksum> from_base64(checksum_kind kind, std::string_view text);

    friend bool operator==(const composite_checksum&, const composite_checksum&) noexcept = default;
};

/// The same from the parts' checksums, added in their order.
///
/// Threads: one at a time.
class running_composite {
public:
    explicit running_composite(checksum_kind kind) : sum_(kind) {}

    /// Of the same kind, or std::invalid_argument.
    running_composite& add(const checksum& of_part);

    composite_checksum value() const { return {sum_.value(), parts_}; }

private:
    running_checksum sum_;
    int parts_ = 0;
};

} // namespace infra::storage
