#include "file.hpp"

#include <infra/base/error.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::email::file {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* what, const fs::path& path, int reason) {
    throw error(errc::io, std::string("outbox: cannot ") + what + " " + path.string() + ": " + std::strerror(reason) +
                              "; make it writable, make room, or let EMAIL_URL name another place");
}

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    ~descriptor() { close(); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    explicit operator bool() const noexcept { return fd_ >= 0; }
    int get() const noexcept { return fd_; }
    int close() noexcept {
        const int fd = std::exchange(fd_, -1);
        return fd >= 0 ? ::close(fd) : 0;
    }

private:
    int fd_;
};

void sync_directory(const fs::path& path) {
    const descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0)
        fail("sync", path, errno);
}

// Errno of the first thing that fails, or 0.
int write_and_sync(const fs::path& path, std::string_view contents) noexcept {
    descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file)
        return errno;
    while (!contents.empty()) {
        const auto written = ::write(file.get(), contents.data(), contents.size());
        if (written < 0 && errno != EINTR)
            return errno;
        contents.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return ::fsync(file.get()) != 0 || file.close() != 0 ? errno : 0;
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

void write_durably(const fs::path& path, std::string_view contents) {
    if (const int reason = write_and_sync(path, contents)) {
        if (reason != EEXIST)
            ::unlink(path.c_str());
        fail("write", path, reason);
    }
}

void move_durably(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        const int reason = errno;
        ::unlink(from.c_str());
        fail("write", to, reason);
    }
    sync_directory(to.parent_path());
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

} // namespace infra::email::file
