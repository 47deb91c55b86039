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
/// no regular file, cannot be read, or is written by somebody now, stays as it is.
void finish_last_line(const std::filesystem::path& path) noexcept;

/// Tells finish_last_line(), here and in other processes, for as long as the file is open. (flock(2), shared.)
void say_that_it_is_written(int file) noexcept;

/// Removes the last bytes that were appended, unless others write to the file too.
bool take_back(int file, std::size_t bytes) noexcept;

} // namespace infra::logging::detail
