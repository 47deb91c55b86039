#pragma once

// Which texts stand in JSON as they are: nearly all do, so that is asked first, eight bytes at once.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace infra::logging {

constexpr std::uint64_t repeat(std::uint8_t byte) noexcept { return 0x0101'0101'0101'0101U * byte; }

/// A high bit for each byte of `w` that is below 0x20, a quote, a backslash or not ASCII. Exact up to the first hit,
/// which is all that is asked: a borrow can only make false hits in higher bytes.
constexpr std::uint64_t special_bytes(std::uint64_t w) noexcept {
    const auto zero = [](std::uint64_t x) { return x - repeat(0x01); };
    const std::uint64_t quote = w ^ repeat('"'), backslash = w ^ repeat('\\');
    const std::uint64_t below_space = w - repeat(0x20);
    return ((zero(quote) & ~quote) | (zero(backslash) & ~backslash) | (below_space & ~w) | w) & repeat(0x80);
}

constexpr std::uint64_t bytes_beyond_ascii(std::uint64_t w) noexcept { return w & repeat(0x80); }

/// Whether `finds` has a hit in one of the words that hold the text between them: each of its bytes, some twice, and beside
/// them spaces at most.
template <class Finds>
bool any_word(std::string_view text, Finds finds) noexcept {
    const char* const at = text.data();
    const auto size = text.size();
    const auto load = [at]<class Word>(Word word, std::size_t from) {
        std::memcpy(&word, at + from, sizeof word);
        return static_cast<std::uint64_t>(word);
    };
    if (size >= 8) {
        for (std::size_t i = 0; i + 8 < size; i += 8)
            if (finds(load(std::uint64_t(), i)))
                return true;
        return finds(load(std::uint64_t(), size - 8));
    }
    if (size >= 4)
        return finds(load(std::uint32_t(), 0) | load(std::uint32_t(), size - 4) << 32);
    if (size == 0)
        return false;
    const auto byte = [&load](std::size_t i) { return load(std::uint8_t(), i); };
    return finds((repeat(' ') << 24) | byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16);
}

/// True if nothing in it is to be escaped or repaired.
inline bool is_plain(std::string_view text) noexcept { return !any_word(text, special_bytes); }

inline bool is_ascii(std::string_view text) noexcept { return !any_word(text, bytes_beyond_ascii); }

/// How much of it is plain, up to the first byte that is not.
inline std::size_t plain_prefix(std::string_view text) noexcept {
    if (is_plain(text))
        return text.size();
    std::size_t i = 0;
    while (is_plain(text.substr(i, 8)))
        i += 8;
    while (is_plain(text.substr(i, 1)))
        ++i;
    return i;
}

} // namespace infra::logging
