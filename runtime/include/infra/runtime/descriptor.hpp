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
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
    ~descriptor() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    descriptor& operator=(descriptor&&) = delete;

    explicit operator bool() const noexcept { return fd_ >= 0; }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

} // namespace infra
