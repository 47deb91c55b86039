#pragma once

/// What becomes an object, while it is written.

#include "layout.hpp"

#include <infra/base/time.hpp>
#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::disk {

/// A locked file, removed at its end unless it went elsewhere: so that a sweep tells what somebody writes from what a crash left.
///
/// Threads:  one at a time, any.
/// Errors:   storage_error, in the words of `what`.
class temporary {
public:
    temporary(std::shared_ptr<const layout> in, std::string what, checksum_kind kind);
    ~temporary();
    temporary(const temporary&) = delete;
    temporary& operator=(const temporary&) = delete;

    /// Makes sure that there is room for so much.
    void reserve(std::uint64_t size);

    void append(std::string_view bytes);

    /// So many bytes of another file, without their coming through the process where their checksum is known. That of what is there then
    /// is the combination of both.
    void append_from(int file, std::uint64_t offset, std::uint64_t length, const std::optional<checksum>& known);

    /// Draws a version that no other object has, and puts all on the disk if `synced`.
    version finish(wall_time now, bool synced);

    /// Under another name, instead of whatever is there, or only if nothing is. False and errno.
    bool move_to(int directory, const std::string& name, bool only_if_absent) noexcept;

    std::uint64_t size() const noexcept { return size_; }
    checksum sum() const { return sum_.value(); }

private:
    void count(std::string_view bytes, std::uint64_t size);
    void start_writeback() noexcept;

    std::shared_ptr<const layout> in_;
    std::string what_;
    std::string name_;
    descriptor file_;
    running_checksum sum_;
    std::uint64_t size_ = 0;
    std::uint64_t written_back_ = 0;
};

/// Throws errc::integrity where the bytes are not those that somebody said they were.
void check_sum(const temporary& written, const std::optional<checksum>& said, const std::string& what);

/// Creates a file, or a directory, and locks it, so that no sweep takes it for a leaving. Empty, and errno.
descriptor create_locked(int directory, const std::string& name) noexcept;
descriptor make_locked_directory(int directory, const std::string& name) noexcept;

} // namespace infra::storage::disk
