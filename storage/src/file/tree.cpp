#include "tree.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace infra::storage::disk {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

int open_beneath(int root, const char* path, int flags, mode_t mode) noexcept {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
}

walking what_the_kernel_has(int root) noexcept {
    const descriptor probe(open_beneath(root, ".", O_PATH, 0));
    return probe ? walking::by_kernel : walking::by_hand;
}

// A link at the end of what must be a directory is ENOTDIR to open(2), and ELOOP to openat2(2).
descriptor step_into(int from, const char* name) noexcept {
    descriptor next(::openat(from, name, directory_flags));
    struct stat found{};
    if (!next && errno == ENOTDIR && ::fstatat(from, name, &found, AT_SYMLINK_NOFOLLOW) == 0)
        errno = S_ISLNK(found.st_mode) ? ELOOP : ENOTDIR;
    return next;
}

bool is_made(int in, const std::string& name, bool synced) noexcept {
    if (::mkdirat(in, name.c_str(), 0700) != 0)
        return errno == EEXIST;
    return !synced || ::fsync(in) == 0;
}

} // namespace

version version_of(const struct stat& s) noexcept {
    return {s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec, static_cast<std::uint64_t>(s.st_size)};
}

location split(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos)
        return {"", std::string(path)};
    return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

tree::tree(descriptor root, std::optional<walking> how)
    : root_(std::move(root)), how_(how ? *how : what_the_kernel_has(root_.get())) {}

bool tree::is_gone() const noexcept {
    struct stat found{};
    return ::fstat(root(), &found) != 0 || found.st_nlink == 0;
}

descriptor tree::open(const std::string& path, int flags, mode_t mode) const noexcept {
    const char* const from = path.empty() ? "." : path.c_str();
    return how_ == walking::by_kernel ? descriptor(open_beneath(root(), from, flags, mode)) : walk(from, flags, mode);
}

descriptor tree::walk(const std::string& path, int flags, mode_t mode) const noexcept {
    descriptor above;
    auto at = root();
    std::size_t begin = 0;
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', begin)) {
        above = step_into(at, path.substr(begin, slash - begin).c_str());
        if (!above)
            return above;
        at = above.get();
        begin = slash + 1;
    }
    const auto name = path.substr(begin);
    if ((flags & O_DIRECTORY) != 0)
        return step_into(at, name.c_str());
    return descriptor(::openat(at, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode));
}

descriptor tree::open_directory(const std::string& path) const noexcept { return open(path, O_RDONLY | O_DIRECTORY); }

descriptor tree::make_directories(const std::string& path, bool synced) const noexcept {
    auto there = open_directory(path);
    if (there || errno != ENOENT || path.empty())
        return there;
    const auto last = split(path);
    auto above = make_directories(last.directory, synced);
    if (!above || !is_made(above.get(), last.name, synced))
        return {};
    return step_into(above.get(), last.name.c_str());
}

std::optional<struct stat> tree::look(const std::string& path) const noexcept {
    const auto at = split(path);
    const auto directory = open(at.directory, O_PATH | O_DIRECTORY);
    struct stat found{};
    if (!directory || ::fstatat(directory.get(), at.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
        return std::nullopt;
    return found;
}

bool tree::remove(const std::string& path) const noexcept {
    const auto at = split(path);
    const auto directory = open(at.directory, O_PATH | O_DIRECTORY);
    return directory && ::unlinkat(directory.get(), at.name.c_str(), 0) == 0;
}

void tree::remove_empty(std::string path, std::string_view up_to) const noexcept {
    while (path != up_to) {
        const auto at = split(path);
        const auto directory = open(at.directory, O_PATH | O_DIRECTORY);
        if (!directory || ::unlinkat(directory.get(), at.name.c_str(), AT_REMOVEDIR) != 0)
            return;
        path = at.directory;
    }
}

} // namespace infra::storage::disk
