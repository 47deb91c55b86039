#pragma once

/// What is put: bytes, a file, or a source of pieces.
///
///     co_await storage.put("a.txt", "hello");
///     co_await storage.put("backup.tar", storage::file{"/var/backups/today.tar"});
///     co_await storage.put("export.csv", storage::pieces{next_rows});           // of unknown length

#include <infra/base/shared_bytes.hpp>
#include <infra/storage/object.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace infra::storage {

/// A regular file, read while it is put, with its length at the beginning. One that becomes shorter meanwhile fails the put.
struct file {
    std::filesystem::path path;
};

/// A coroutine that gives the next piece, of any size, and an empty one at the end.
struct pieces {
    byte_source next;
    std::optional<std::uint64_t> size{}; ///< where it is known; the put fails with errc::invalid_input if it was wrong
};

/// Lifetime: owns or shares what it names; a file is opened by the put.
class content {
public:
    content(std::string bytes) : what_(shared_bytes(std::move(bytes))) {}
    content(const char* text) : what_(shared_bytes(text)) {}
    content(shared_bytes bytes) : what_(std::move(bytes)) {}
    content(file f) : what_(std::move(f)) {}
    content(pieces p) : what_(std::move(p)) {}

    using variant = std::variant<shared_bytes, file, pieces>;
    const variant& what() const& noexcept { return what_; }
    variant&& what() && noexcept { return std::move(what_); }

private:
    variant what_;
};

} // namespace infra::storage
