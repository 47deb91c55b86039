#include "presence.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace infra::queue::sqlite {
namespace {

// Of the open file, not of the process: it does not end when another of the process closes the same file.
int lock(int fd, int how, struct ::flock& byte) {
    int done = 0;
    do
        done = ::fcntl(fd, how, &byte);
    while (done < 0 && errno == EINTR);
    return done;
}

struct ::flock byte_at(std::int64_t number) {
    struct ::flock byte{};
    byte.l_type = F_WRLCK;
    byte.l_whence = SEEK_SET;
    byte.l_start = number;
    byte.l_len = 1;
    return byte;
}

} // namespace

presence::~presence() {
    if (fd_ >= 0)
        ::close(fd_);
}

// For the same users as the database.
bool presence::open() {
    if (fd_ >= 0)
        return true;
    struct ::stat database = {};
    const auto mode = ::stat(database_.c_str(), &database) == 0 ? database.st_mode & 0666 : 0600;
    fd_ = ::open((database_.string() + "-workers").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    return fd_ >= 0;
}

bool presence::take(std::int64_t number) {
    if (own_.contains(number) || !open())
        return false;
    auto byte = byte_at(number);
    if (lock(fd_, F_OFD_SETLK, byte) != 0)
        return false;
    own_.insert(number);
    return true;
}

void presence::release(std::int64_t number) noexcept {
    if (own_.erase(number) == 0)
        return;
    auto byte = byte_at(number);
    byte.l_type = F_UNLCK;
    lock(fd_, F_OFD_SETLK, byte);
}

presence::place presence::where() const {
    struct ::stat here{};
    if (fd_ < 0 || ::fstat(fd_, &here) != 0)
        return {};
    return {static_cast<std::int64_t>(here.st_dev), static_cast<std::int64_t>(here.st_ino)};
}

std::optional<bool> presence::is_locked(std::int64_t number, const place& in) {
    if (own_.contains(number))
        return true;
    if (!open() || where() != in)
        return std::nullopt;
    auto byte = byte_at(number);
    if (lock(fd_, F_OFD_GETLK, byte) != 0)
        return std::nullopt;
    return byte.l_type != F_UNLCK;
}

bool presence::is_gone(std::int64_t number, const place& in) { return is_locked(number, in) == false; }

bool presence::is_here(std::int64_t number, const place& in) { return is_locked(number, in) == true; }

} // namespace infra::queue::sqlite
