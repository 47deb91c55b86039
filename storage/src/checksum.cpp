#include <infra/storage/checksum.hpp>

#include "crc.hpp"
#include "sigv4/sha256.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace {

constexpr checksum_kind kinds[] = {checksum_kind::crc32c, checksum_kind::crc64nvme, checksum_kind::sha256};

constexpr int most_summed_parts = 10'000;

std::size_t size_of(checksum_kind kind) noexcept {
    return combines(kind) ? static_cast<std::size_t>(crc::width(kind)) / 8 : std::tuple_size_v<sigv4::digest>;
}

std::uint64_t crc_of(const checksum& sum) noexcept {
    std::uint64_t crc = 0;
    for (const char c : sum.bytes())
        crc = crc << 8 | static_cast<unsigned char>(c);
    return crc;
}

checksum of_crc(checksum_kind kind, std::uint64_t crc) {
    std::array<char, 8> bytes{};
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, crc >>= 8)
        *byte = static_cast<char>(crc & 0xff);
    const auto size = size_of(kind);
    return {kind, {bytes.data() + bytes.size() - size, size}};
}

void must_combine(checksum_kind first, checksum_kind second, const char* who) {
    if (first != second || !combines(first))
        throw std::invalid_argument(std::string(who) + ": both checksums must be CRCs, of one kind");
}

std::optional<int> number_of_parts(std::string_view text) noexcept {
    int parts = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), parts);
    const bool is_one = end.ec == std::errc() && end.ptr == text.data() + text.size();
    return is_one && parts >= 1 && parts <= most_summed_parts ? std::optional(parts) : std::nullopt;
}

} // namespace

std::string_view to_string(checksum_kind k) noexcept {
    switch (k) {
    case checksum_kind::crc32c: return "crc32c";
    case checksum_kind::crc64nvme: return "crc64nvme";
    case checksum_kind::sha256: return "sha256";
    }
    return "";
}

std::optional<checksum_kind> checksum_kind_from(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(kinds, name, [](checksum_kind k) { return to_string(k); });
    return found == std::end(kinds) ? std::nullopt : std::optional(*found);
}

// --- A value ----------------------------------------------------------------------------------------------------

checksum::checksum(checksum_kind kind, std::string_view bytes) : kind_(kind) {
    if (bytes.size() != size_of(kind))
        throw std::invalid_argument("storage::checksum: " + std::string(to_string(kind)) + " has " +
                                    std::to_string(size_of(kind)) + " bytes, not " + std::to_string(bytes.size()));
    std::ranges::copy(bytes, bytes_.begin());
}

std::string_view checksum::bytes() const noexcept { return {bytes_.data(), size_of(kind_)}; }

std::string checksum::base64() const { return encoding::base64_encode(bytes()); }

std::string checksum::hex() const { return encoding::hex_encode(bytes()); }

std::optional<checksum> checksum::from_base64(checksum_kind kind, std::string_view text) {
    const auto bytes = encoding::base64_decode(text);
    return bytes && bytes->size() == size_of(kind) ? std::optional(checksum(kind, *bytes)) : std::nullopt;
}

// --- Piece by piece ---------------------------------------------------------------------------------------------

struct running_checksum::sha256 : sigv4::running_sha256 {};

running_checksum::running_checksum(checksum_kind kind)
    : kind_(kind), sha256_(combines(kind) ? nullptr : std::make_unique<sha256>()) {}

running_checksum::running_checksum(const running_checksum& other)
    : kind_(other.kind_),
      crc_(other.crc_),
      sha256_(other.sha256_ ? std::make_unique<sha256>(*other.sha256_) : nullptr) {}

running_checksum::running_checksum(running_checksum&& other) noexcept = default;

running_checksum& running_checksum::operator=(running_checksum other) noexcept {
    kind_ = other.kind_;
    crc_ = other.crc_;
    sha256_ = std::move(other.sha256_);
    return *this;
}

running_checksum::~running_checksum() = default;

running_checksum& running_checksum::update(std::string_view bytes) {
    if (sha256_)
        sha256_->update(bytes);
    else
        crc_ = crc::update(kind_, crc_, bytes);
    return *this;
}

running_checksum& running_checksum::update(const checksum& of_them, std::uint64_t size) {
    must_combine(kind_, of_them.kind(), "storage::running_checksum");
    crc_ = crc::join(kind_, crc_, crc_of(of_them), size);
    return *this;
}

checksum running_checksum::value() const {
    return sha256_ ? checksum(kind_, sigv4::bytes_of(sha256_->value())) : of_crc(kind_, crc_);
}

checksum checksum_of(std::string_view bytes, checksum_kind kind) {
    return combines(kind) ? of_crc(kind, crc::update(kind, 0, bytes))
                          : checksum(kind, sigv4::bytes_of(sigv4::sha256(bytes)));
}

checksum combine(const checksum& first, const checksum& second, std::uint64_t second_size) {
    must_combine(first.kind(), second.kind(), "storage::combine");
    return of_crc(first.kind(), crc::join(first.kind(), crc_of(first), crc_of(second), second_size));
}

// --- Of parts ---------------------------------------------------------------------------------------------------

std::string composite_checksum::base64() const { return of_parts.base64() + '-' + std::to_string(parts); }

std::optional<composite_checksum> composite_checksum::from_base64(checksum_kind kind, std::string_view text) {
    const auto dash = text.rfind('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    const auto sum = checksum::from_base64(kind, text.substr(0, dash));
    const auto parts = number_of_parts(text.substr(dash + 1));
    return sum && parts ? std::optional(composite_checksum{*sum, *parts}) : std::nullopt;
}

running_composite& running_composite::add(const checksum& of_part) {
    if (of_part.kind() != sum_.kind())
        throw std::invalid_argument("storage::running_composite: all parts must have checksums of one kind");
    sum_.update(of_part.bytes());
    ++parts_;
    return *this;
}

} // namespace infra::storage
