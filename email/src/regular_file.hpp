#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace infra::email {

struct file_beginning {
    std::string text;
    std::uint64_t size; ///< of the whole
};

enum class links { followed, refused }; ///< a symbolic link that the path itself is

/// At most `most` bytes of a file; blocks on the disk, and on nothing else: what is no regular file, such as a pipe that nobody
/// writes to, is refused. Throws infra::errc::io, naming path and reason.
file_beginning read_beginning(const std::string& path, std::size_t most, links what = links::followed);

} // namespace infra::email
