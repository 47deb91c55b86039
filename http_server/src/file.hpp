#pragma once

// Files as responses. The functions that touch the disk block: they run on the pool.

#include "conditional.hpp"
#include "message_access.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace infra::http::detail {

/// Owns a descriptor.
class unique_descriptor {
public:
    unique_descriptor() noexcept = default;
    explicit unique_descriptor(int fd) noexcept : fd_(fd) {}
    unique_descriptor(unique_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_descriptor& operator=(unique_descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~unique_descriptor();

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// The head of the answer, and what of the file is to follow it.
struct file_answer {
    response head;
    unique_descriptor file;
    byte_range body{};
};

/// Status and fields without what the body is to be made of.
response head_alone(response made);

/// Opens and decides. Blocks. `head` carries the status and the fields the response has had so far.
file_answer answer_with_file(const file_body& of, method m, const headers& of_request, response head);

/// `size` bytes at `offset`. Blocks. Throws infra::error when the file has become shorter.
std::string read_piece(int fd, std::uint64_t offset, std::size_t size);

/// Opens `path`, which is relative, without ever leaving `root`; -1 with errno. Blocks.
int open_beneath(int root, const std::string& path) noexcept;

/// What open_beneath falls back to on kernels and in sandboxes without openat2: it follows no symbolic link at all.
int open_step_by_step(int root, std::string_view path) noexcept;

/// The whole answer with its body in memory: for router::handle.
awaitable<response> load_file(std::shared_ptr<file_body> of, method m, headers of_request, response head);

blocking_pool& pool_of(const file_body& of);

} // namespace infra::http::detail
