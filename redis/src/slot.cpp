#include "slot.hpp"

#include <array>

namespace infra::redis::detail {
namespace {

// CRC-16/XMODEM: polynomial 0x1021, nothing reflected.
constexpr auto crc16_steps = [] {
    std::array<std::uint16_t, 256> made{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned crc = byte << 8;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        made[byte] = static_cast<std::uint16_t>(crc);
    }
    return made;
}();

std::uint16_t crc16(std::string_view text) noexcept {
    unsigned crc = 0;
    for (const char c : text)
        crc = ((crc << 8) & 0xffff) ^ crc16_steps[(crc >> 8) ^ static_cast<unsigned char>(c)];
    return static_cast<std::uint16_t>(crc);
}

} // namespace

std::string_view hash_tag(std::string_view key) noexcept {
    const auto open = key.find('{');
    if (open == std::string_view::npos)
        return key;
    const auto close = key.find('}', open + 1);
    if (close == std::string_view::npos || close == open + 1)
        return key;
    return key.substr(open + 1, close - open - 1);
}

std::uint16_t slot_of(std::string_view key) noexcept { return crc16(hash_tag(key)) % all_slots; }

} // namespace infra::redis::detail
