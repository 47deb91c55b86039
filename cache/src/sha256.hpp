#pragma once

// SHA-256 (FIPS 180-4), for keys that are too long to be kept: whoever chooses keys must not be able to make two meet.

#include <array>
#include <cstdint>
#include <string_view>

namespace infra::cache {

std::array<char, 32> sha256(std::string_view bytes) noexcept;

} // namespace infra::cache
