#pragma once

// A process with pipes, as the system makes it.

#include "child.hpp"

#include <sys/types.h>

namespace infra::cli {

/// Closes what it holds.
class descriptor {
public:
    explicit descriptor(int fd = -1) noexcept : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor();

    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

struct spawned {
    pid_t pid = -1;       ///< also the number of its process group
    descriptor process{}; ///< readable once it has ended
    descriptor in{};      ///< our ends of its pipes
    descriptor out{};
    descriptor err{};
};

/// Throws infra::error with errc::io.
spawned spawn(const child_command& what);

/// Waits for the end of a process that has ended, or is about to, kills what its group has left, and forgets it. Gives its
/// exit code.
int bury(const spawned& child) noexcept;

} // namespace infra::cli
