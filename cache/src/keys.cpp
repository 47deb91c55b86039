#include "keys.hpp"

#include "sha256.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <array>
#include <charconv>
#include <stdexcept>

namespace infra::cache {
namespace {

constexpr std::string_view reserved = "@@";
constexpr std::size_t max_version_bytes = 2 + 20 + 1; // of the largest number, between its marks
constexpr std::string_view digest_mark =
    "@@#"; // which no user's key contains, so that none looks like a digest of another

bool is_ascii(std::string_view text) noexcept {
    unsigned char all = 0;
    for (const char c : text)
        all |= static_cast<unsigned char>(c);
    return all < 0x80;
}

bool has_reserved(std::string_view text) noexcept { return text.find(reserved) != std::string_view::npos; }

[[noreturn]] void refuse(std::string_view demand) {
    throw error(infra::errc::invalid_input, "a cache key " + std::string(demand));
}

void append_bounded(std::string& out, std::string_view key) {
    if (key.size() <= max_key_bytes) {
        out += key;
        return;
    }
    constexpr std::size_t digits = 64;
    const auto digest = sha256(key);
    auto kept = max_key_bytes - digits - digest_mark.size();
    while (static_cast<unsigned char>(key[kept]) >> 6 == 0b10) // not in the middle of a character
        --kept;
    out.append(key.substr(0, kept)).append(digest_mark).append(encoding::hex_encode({digest.data(), digest.size()}));
}

} // namespace

bool has_controls(std::string_view text) noexcept {
    bool found = false;
    for (const char c : text)
        found |= static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    return found;
}

void check_key(std::string_view key) {
    if (key.empty() || key.size() > max_user_key_bytes)
        refuse("must have 1 to 65536 bytes");
    if (has_controls(key))
        refuse("must not contain control characters");
    if (!is_ascii(key) && !encoding::is_utf8(key))
        refuse("must be UTF-8");
    if (has_reserved(key))
        refuse("must not contain @@: the cache keeps its own values there");
}

void check_prefix(std::string_view option, std::string_view prefix) {
    const auto demand = prefix.size() > 256 ? "must have at most 256 bytes"
                        : has_controls(prefix) || !encoding::is_utf8(prefix)
                            ? "must be UTF-8 without control characters"
                        : has_reserved(prefix) || prefix.ends_with('@') ? "must not contain @@, nor end with @"
                                                                        : nullptr;
    if (demand)
        throw std::invalid_argument("cache::" + std::string(option) + " " + demand);
}

void write_key(std::string& out, std::string_view prefix, std::uint64_t version, std::string_view key) {
    out += prefix;
    if (version != 0) {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), version).ptr;
        out.append(reserved).append(digits.data(), end).append(":");
    }
    append_bounded(out, key);
}

std::string_view key_in(key_room& room, std::string_view prefix, std::uint64_t version, std::string_view key) {
    char* at = room.near.data();
    const auto put = [&](std::string_view text) { at += text.copy(at, text.size()); };
    if (prefix.size() + key.size() + max_version_bytes > room.near.size()) {
        write_key(room.far, prefix, version, key);
        return room.far;
    }
    put(prefix);
    if (version != 0) {
        put(reserved);
        at = std::to_chars(at, room.near.data() + room.near.size(), version).ptr;
        put(":");
    }
    put(key);
    return {room.near.data(), at};
}

std::string version_name(std::string_view prefix) { return std::string(prefix).append("@@version"); }

std::string tag_name(std::string_view prefix, std::string_view tag) {
    return std::string(prefix).append("@@tag:").append(tag);
}

std::string lock_name(std::string_view prefix, std::string_view key) {
    auto name = std::string(prefix).append("@@lock:");
    append_bounded(name, key);
    return name;
}

} // namespace infra::cache
