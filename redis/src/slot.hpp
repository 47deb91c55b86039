#pragma once

// Which part of a cluster a key lies in.

#include <cstdint>
#include <string_view>

namespace infra::redis::detail {

inline constexpr std::size_t all_slots = 16384;

/// What counts of a key: the text between its first { and the } after it, unless that is empty; otherwise all of it.
std::string_view hash_tag(std::string_view key) noexcept;

std::uint16_t slot_of(std::string_view key) noexcept;

} // namespace infra::redis::detail
