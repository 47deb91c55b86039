#include "names.hpp"

#include <string>
#include <vector>

namespace infra::cache::redis_backend {
namespace {

constexpr std::size_t slot_count = 16384;

// What stands between the first { and the next }, if that is anything.
std::string_view hash_tag(std::string_view key) noexcept {
    const auto open = key.find('{');
    if (open == std::string_view::npos)
        return {};
    const auto close = key.find('}', open + 1);
    return close == std::string_view::npos ? std::string_view() : key.substr(open + 1, close - open - 1);
}

// CRC-16/XMODEM, bit by bit: only keys with a lonely brace are asked for it.
std::uint16_t crc16(std::string_view text) noexcept {
    unsigned crc = 0;
    for (const char c : text) {
        crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
    }
    return static_cast<std::uint16_t>(crc);
}

// The smallest in each slot. Some of the first hundred thousand fall into every one; a test goes through all.
std::vector<unsigned> smallest_numbers() {
    std::vector<unsigned> smallest(slot_count, 0);
    std::vector<bool> found(slot_count, false);
    std::size_t left = slot_count;
    for (unsigned n = 0; left > 0; ++n)
        if (const auto slot = slot_of(std::to_string(n)); !found[slot]) {
            found[slot] = true;
            smallest[slot] = n;
            --left;
        }
    return smallest;
}

std::string smallest_number_in(std::uint16_t slot) {
    static const auto smallest = smallest_numbers(); // 10 ms, where there is such a key at all
    return std::to_string(smallest[slot]);
}

} // namespace

std::uint16_t slot_of(std::string_view key) noexcept {
    const auto tag = hash_tag(key);
    return crc16(tag.empty() ? key : tag) & 0x3fff;
}

std::string beside(std::string_view key, std::string_view kind) {
    auto name = std::string("@@").append(kind).append(":{");
    if (const auto tag = hash_tag(key); !tag.empty())
        return name.append(tag).append("}").append(key);
    if (key.find('}') == std::string_view::npos)
        return name.append(key).append("}");
    return name.append(smallest_number_in(slot_of(key))).append("}").append(key);
}

} // namespace infra::cache::redis_backend
