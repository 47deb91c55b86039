#include "regular_file.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::email {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view why) {
    throw error(infra::errc::io, "cannot read " + path + ": " + std::string(why));
}

} // namespace

regular_file open_regular(const std::string& path, links what) {
    if (path.find('\0') != std::string::npos)
        fail(path.c_str(), "its name holds a NUL");
    const int no_follow = what == links::refused ? O_NOFOLLOW : 0;
    file::descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_follow));
    if (!opened)
        fail(path, errno == ELOOP && no_follow ? "it is a symbolic link" : std::strerror(errno));
    struct stat found{};
    if (::fstat(opened.get(), &found) != 0 || !S_ISREG(found.st_mode))
        fail(path, "it is not a regular file");
    return {std::move(opened), static_cast<std::uint64_t>(found.st_size)};
}

file_beginning read_beginning(const std::string& path, std::size_t most, links what) {
    const auto [from, size] = open_regular(path, what);
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(size, most)), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const auto got = ::read(from.get(), text.data() + filled, text.size() - filled);
        if (got < 0 && errno != EINTR)
            fail(path, std::strerror(errno));
        if (got == 0)
            break;
        filled += got < 0 ? 0 : static_cast<std::size_t>(got);
    }
    text.resize(filled);
    return {std::move(text), size};
}

} // namespace infra::email
