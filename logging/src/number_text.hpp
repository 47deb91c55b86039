#pragma once

// Numbers as JSON has them: pure.

#include <cstddef>
#include <cstdint>

namespace infra::logging {

inline constexpr std::size_t longest_number = 32;

/// Each writes at most `longest_number` bytes and returns the end.
char* put_number(char* to, std::int64_t n) noexcept;
char* put_number(char* to, std::uint64_t n) noexcept;

/// As JavaScript does: the shortest text that reads back the same, whole numbers without a fraction, and null for what
/// JSON cannot say.
char* put_number(char* to, double n) noexcept;

} // namespace infra::logging
