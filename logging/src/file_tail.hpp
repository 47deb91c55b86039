#pragma once

// The end of a log file, which a process that was killed may have left in the middle of a line.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace infra::logging::detail {

/// The last bytes of a file, `bytes` of them at most. Empty if it is not there or no regular file.
std::optional<std::string> tail_of(const std::filesystem::path& path, std::size_t bytes);

/// Makes the file end with a whole line: half a JSON line of ours is cut off, anything else gets its line break. What is
/// no regular file, or cannot be read, stays as it is.
void finish_last_line(const std::filesystem::path& path) noexcept;

} // namespace infra::logging::detail
