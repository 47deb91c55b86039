#pragma once

/// What the system counts as open, and closes.
///
///     infra::descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
///     if (!file) fail(errno);

#include <utility>

#include <unistd.h>

namespace infra {

/// Threads:  as an int.
/// Lifetime: closes what it holds.
class descriptor {
public:
    descriptor() noexcept = default; ///< nothing
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
    ~descriptor() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    descriptor& operator=(descriptor&& from) noexcept {
        std::swap(fd_, from.fd_);
        return *this;
    }

    explicit operator bool() const noexcept { return fd_ >= 0; }
    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); } ///< for what closes it itself

private:
    int fd_ = -1;
};

} // namespace infra
