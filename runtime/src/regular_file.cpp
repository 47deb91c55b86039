#include <infra/runtime/regular_file.hpp>

#include <infra/base/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view why) {
    throw error(errc::io, "cannot read " + path + ": " + std::string(why));
}

} // namespace

regular_file open_regular(const std::string& path, symlinks what) {
    if (path.find('\0') != std::string::npos)
        fail(path.c_str(), "its name holds a NUL");
    const int no_follow = what == symlinks::refused ? O_NOFOLLOW : 0;
    descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_follow));
    if (!opened)
        fail(path, errno == ELOOP && no_follow ? "it is a symbolic link" : std::strerror(errno));
    struct stat found{};
    if (::fstat(opened.get(), &found) != 0 || !S_ISREG(found.st_mode))
        fail(path, "it is not a regular file");
    return {std::move(opened), static_cast<std::uint64_t>(found.st_size), path};
}

std::size_t read_at(const regular_file& file, std::uint64_t offset, std::span<char> room) {
    std::size_t filled = 0;
    while (filled < room.size()) {
        const auto got =
            ::pread(file.from.get(), room.data() + filled, room.size() - filled, static_cast<off_t>(offset + filled));
        if (got < 0 && errno != EINTR)
            fail(file.path, std::strerror(errno));
        if (got == 0)
            break;
        filled += got < 0 ? 0 : static_cast<std::size_t>(got);
    }
    return filled;
}

file_beginning read_beginning(const std::string& path, std::size_t most, symlinks what) {
    const auto file = open_regular(path, what);
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(file.size, most)), '\0');
    text.resize(read_at(file, 0, text));
    return {std::move(text), file.size};
}

} // namespace infra
