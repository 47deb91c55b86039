#pragma once

// From a user's key to the store's.
//
//     prefix key                   while the namespace was never flushed: what the TypeScript package would use
//     prefix "@@" version ":" key  afterwards, so that everything older is out of reach at once
//     prefix "@@version", prefix "@@tag:" tag, prefix "@@lock:" key      what the cache keeps for itself
//
// The first "@@" parts a prefix from what the cache keeps for itself: a user's key and a prefix contain none, and a prefix
// does not end with half of one. Words behind it begin with a letter, versions are decimal. A key of more than 1 KiB is cut,
// and "@@#" and a digest of the whole put behind.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace infra::cache {

inline constexpr std::size_t max_key_bytes = 1024;       ///< longer ones are digested
inline constexpr std::size_t max_user_key_bytes = 65536; ///< longer ones are refused

/// Throws infra::error, infra::errc::invalid_input, which does not repeat the key: that may be a secret.
void check_key(std::string_view key);

bool has_controls(std::string_view text) noexcept;

/// Throws std::invalid_argument: `cache::cache_options::prefix must be UTF-8`.
void check_prefix(std::string_view option, std::string_view prefix);

/// Room for a key, on the stack if it is not long.
struct key_room {
    std::array<char, 512> near;
    std::string far;
};

/// A view of `room`.
std::string_view key_in(key_room& room, std::string_view prefix, std::uint64_t version, std::string_view key);

/// Appends; no allocation but that of `out`.
void write_key(std::string& out, std::string_view prefix, std::uint64_t version, std::string_view key);

std::string version_name(std::string_view prefix);
std::string tag_name(std::string_view prefix, std::string_view tag);
std::string lock_name(std::string_view prefix, std::string_view key);

} // namespace infra::cache
