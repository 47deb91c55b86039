#include <infra/storage/checksum.hpp>

#include "crc.hpp"

#include <infra/base/encoding.hpp>

#include <cstddef>
#include <stdexcept>

namespace infra::storage {
namespace {

std::size_t size_of(checksum_kind kind) noexcept { return static_cast<std::size_t>(crc::width(kind)) / 8; }

std::string big_endian(const checksum& sum) {
    std::string bytes(size_of(sum.kind()), '\0');
    auto rest = sum.value();
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8)
        *byte = static_cast<char>(rest & 0xff);
    return bytes;
}

} // namespace

std::string_view to_string(checksum_kind k) noexcept { return k == checksum_kind::crc32c ? "crc32c" : "crc64nvme"; }

checksum& checksum::update(std::string_view bytes) noexcept {
    value_ = crc::update(kind_, value_, bytes);
    return *this;
}

std::string checksum::base64() const { return encoding::base64_encode(big_endian(*this)); }

std::string checksum::hex() const { return encoding::hex_encode(big_endian(*this)); }

std::optional<checksum> checksum::from_base64(checksum_kind kind, std::string_view text) {
    const auto bytes = encoding::base64_decode(text);
    if (!bytes || bytes->size() != size_of(kind))
        return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : *bytes)
        value = value << 8 | static_cast<unsigned char>(c);
    return checksum(kind, value);
}

checksum checksum_of(std::string_view bytes, checksum_kind kind) noexcept { return checksum(kind).update(bytes); }

checksum combine(const checksum& first, const checksum& second, std::uint64_t second_size) {
    if (first.kind() != second.kind())
        throw std::invalid_argument("storage::combine: both checksums must be of one kind");
    return checksum(first.kind(), crc::join(first.kind(), first.value(), second.value(), second_size));
}

} // namespace infra::storage
