#pragma once

#include "descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace infra::email {

enum class links { followed, refused }; ///< a symbolic link that the path itself is

struct regular_file {
    file::descriptor from;
    std::uint64_t size; ///< as far as it is known before: of those in /proc it is 0
};

/// Waits for nothing: what is no regular file, such as a pipe that nobody writes to, is refused. Throws infra::errc::io, naming path
/// and reason.
regular_file open_regular(const std::string& path, links what = links::followed);

struct file_beginning {
    std::string text;
    std::uint64_t size; ///< of the whole
};

/// At most `most` bytes of a file. Blocks on the disk; throws as open_regular() does.
file_beginning read_beginning(const std::string& path, std::size_t most, links what = links::followed);

} // namespace infra::email
