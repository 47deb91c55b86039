#include "mask.hpp"

#include <cstdint>
#include <cstring>

namespace infra::realtime::websocket {

void unmask(std::span<char> bytes, std::array<char, 4> key, std::size_t offset) noexcept {
    std::array<char, 8> turned;
    for (std::size_t i = 0; i < turned.size(); ++i)
        turned[i] = key[(offset + i) % key.size()];
    std::uint64_t mask;
    std::memcpy(&mask, turned.data(), sizeof mask);

    // Words at a time, whatever their alignment; the compiler makes vectors of it.
    char* at = bytes.data();
    const auto words = bytes.size() / sizeof mask;
    for (std::size_t i = 0; i < words; ++i, at += sizeof mask) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        word ^= mask;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < bytes.size() % sizeof mask; ++i)
        at[i] = static_cast<char>(at[i] ^ turned[i]);
}

} // namespace infra::realtime::websocket
