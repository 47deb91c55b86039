#pragma once

/// Files that somebody named, read without waiting for ever: a pipe that nobody writes to, a device, a directory are refused.
///
///     const auto file = infra::open_regular("logo.png");
///     std::string beginning(512, '\0');
///     beginning.resize(infra::read_at(file, 0, beginning));

#include <infra/runtime/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace infra {

enum class symlinks { followed, refused }; ///< one that the path itself is

struct regular_file {
    descriptor from;
    std::uint64_t size; ///< as far as it is known before: of those in /proc it is 0
    std::string path;   ///< for sentences
};

/// Throws infra::error with errc::io, naming path and reason.
regular_file open_regular(const std::string& path, symlinks what = symlinks::followed);

/// Fills `room` from `offset` on; how many bytes there were, less than its size only at the end. Blocks on the disk; throws as
/// open_regular() does. Threads: any, also at once.
std::size_t read_at(const regular_file& file, std::uint64_t offset, std::span<char> room);

struct file_beginning {
    std::string text;
    std::uint64_t size; ///< of the whole
};

/// At most `most` bytes of a file. Blocks on the disk; throws as open_regular() does.
file_beginning read_beginning(const std::string& path, std::size_t most, symlinks what = symlinks::followed);

} // namespace infra
