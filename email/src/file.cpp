#include "file.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/descriptor.hpp>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::email::file {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* what, const fs::path& path, int reason) {
    throw error(infra::errc::io, std::string("outbox: cannot ") + what + " " + path.string() + ": " +
                                     std::strerror(reason) +
                                     "; make it writable, make room, or let EMAIL_URL name another place");
}

struct stat status_of(const descriptor& file) noexcept {
    struct stat found{};
    ::fstat(file.get(), &found);
    return found;
}

// The lock tells a sweep that somebody is writing. One that came between open() and flock() has removed the file already.
descriptor create_locked(const fs::path& path) {
    while (true) {
        descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file)
            fail("write", path, errno);
        while (::flock(file.get(), LOCK_EX) != 0 && errno == EINTR) {
        } // fails where a file system has no locks, and there no sweep gets one either
        if (status_of(file).st_nlink > 0)
            return file;
    }
}

// Errno of the first thing that fails, or 0.
int write_and_sync(const descriptor& file, std::string_view contents) noexcept {
    while (!contents.empty()) {
        const auto written = ::write(file.get(), contents.data(), contents.size());
        if (written < 0 && errno != EINTR)
            return errno;
        contents.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return ::fsync(file.get()) == 0 ? 0 : errno;
}

// Two sweeps may have opened the same file: the second has the lock of one that is gone, where another may be written by now.
bool is_still_at(const fs::path& path, const struct stat& opened) noexcept {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0 && found.st_ino == opened.st_ino && found.st_dev == opened.st_dev;
}

// Removed under the lock, so that whoever waits for it in create_locked finds its file gone, and not only later.
void remove_if_abandoned(const fs::path& path) noexcept {
    const descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const bool is_link = !file && errno == ELOOP; // whoever makes one there can do without it
    const auto opened = status_of(file);
    if (is_link ||
        (file && S_ISREG(opened.st_mode) && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && is_still_at(path, opened)))
        ::unlink(path.c_str());
}

} // namespace

void make_private_directory(const fs::path& path) {
    std::error_code ignored;
    if (path.empty() || fs::is_directory(path, ignored))
        return;
    make_private_directory(path.parent_path());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        fail("make", path, errno);
    if (!fs::is_directory(path, ignored))
        fail("use", path, ENOTDIR);
    sync_directory(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void store_durably(const fs::path& temporary, const fs::path& to, std::string_view contents) {
    const auto file = create_locked(temporary);
    int reason = write_and_sync(file, contents);
    if (reason == 0 && ::rename(temporary.c_str(), to.c_str()) != 0)
        reason = errno;
    if (reason != 0) {
        ::unlink(temporary.c_str());
        fail("write", to, reason);
    }
    sync_directory(to.parent_path());
}

void sweep(const fs::path& directory) noexcept {
    std::error_code ec;
    for (fs::directory_iterator each(directory, ec), end; !ec && each != end; each.increment(ec))
        remove_if_abandoned(each->path());
}

std::string claim_durably(const fs::path& link, const std::string& target) {
    if (::symlink(target.c_str(), link.c_str()) != 0 && errno != EEXIST)
        fail("write", link, errno);
    sync_directory(link.parent_path()); // also when it was there: its maker may not have come that far
    std::error_code ec;
    const auto leads_to = fs::read_symlink(link, ec);
    if (ec)
        fail("read", link, ec.value());
    return leads_to.string();
}

void redirect(const fs::path& link, const std::string& target, const fs::path& temporary) noexcept {
    if (::symlink(target.c_str(), temporary.c_str()) == 0 && ::rename(temporary.c_str(), link.c_str()) != 0)
        ::unlink(temporary.c_str());
}

void sync_directory(const fs::path& path) {
    const descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0)
        fail("sync", path, errno);
}

} // namespace infra::email::file
