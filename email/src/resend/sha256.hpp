#pragma once

/// SHA-256, plain and with a key.

#include <string>
#include <string_view>

namespace infra::email::resend {

/// 32 bytes.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// In a time that tells nothing of where they differ.
bool are_equal(std::string_view a, std::string_view b) noexcept;

} // namespace infra::email::resend
