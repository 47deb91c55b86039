#pragma once

/// What the system's calls for files lack.

#include "tree.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>

namespace infra::storage::disk {

/// All of it; false and errno.
bool write_all(int to, std::string_view bytes) noexcept;

/// At `offset`; less only where the file ends. -1 and errno.
std::ptrdiff_t read_at(int from, char* to, std::size_t size, std::uint64_t offset) noexcept;

/// A small file of ours; empty if it is not there, or is no regular file of at most 64 KiB.
std::optional<std::string> read_small(const tree& files, const std::string& path);

/// A new file in a directory, on the disk if `synced`; false and errno.
bool write_new(int in, const std::string& name, std::string_view bytes, bool synced) noexcept;

struct close_directory {
    void operator()(DIR* d) const noexcept { ::closedir(d); }
};
using directory_stream = std::unique_ptr<DIR, close_directory>;

/// To read what is in it; empty for an empty descriptor.
directory_stream stream_of(descriptor directory) noexcept;

/// But for `.` and `..`; none for an empty descriptor.
std::vector<std::string> names_in(descriptor directory);

/// Whether it still has a name.
bool is_linked(int file) noexcept;

} // namespace infra::storage::disk
