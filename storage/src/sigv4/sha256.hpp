#pragma once

/// SHA-256, plain and with a key.

#include <array>
#include <string>
#include <string_view>

namespace infra::storage::sigv4 {

using digest = std::array<unsigned char, 32>;

digest sha256(std::string_view bytes);
digest hmac_sha256(std::string_view key, std::string_view bytes);

/// In hex.
std::string hex(const digest& of);

inline std::string_view bytes_of(const digest& d) noexcept {
    return {reinterpret_cast<const char*>(d.data()), d.size()};
}

/// In a time that tells nothing of where they differ.
bool are_equal(std::string_view a, std::string_view b) noexcept;

} // namespace infra::storage::sigv4
