#pragma once

// When a log file is full, and what the old ones are called: pure.

#include <infra/logging/sink.hpp>

#include <string>
#include <string_view>

namespace infra::logging::detail {

/// The number of the hour or day that `t` is in; always 0 for never.
std::int64_t period_of(wall_time t, rotate_every every) noexcept;

/// How many bytes from the front of `lines` fit into a file that holds `size` bytes, in whole lines. An empty file takes
/// one line of any length. `max_bytes` 0: all fit.
std::size_t fitting(std::string_view lines, std::uint64_t size, std::uint64_t max_bytes) noexcept;

/// `app.log.3`; the file itself for 0.
std::filesystem::path numbered(const std::filesystem::path& path, std::size_t number);

} // namespace infra::logging::detail
