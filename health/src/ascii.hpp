#pragma once

namespace infra::health::detail {

/// ASCII alone, whatever the locale.
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace infra::health::detail
