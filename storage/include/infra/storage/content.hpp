#pragma once

/// What is put: bytes, a file, or a source of pieces.
///
///     co_await storage.put("a.txt", "hello");
///     co_await storage.put("a.jpg", bytes);                                     // a string, or any vector or span of bytes
///     co_await storage.put("backup.tar", storage::file{"/var/backups/today.tar"});
///     co_await storage.put("export.csv", storage::pieces{next_rows});           // of unknown length

#include <infra/base/shared_bytes.hpp>
#include <infra/storage/object.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
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

/// A vector, span or array of std::byte, char or unsigned char, or a std::string_view.
template <class T>
concept bytes_in_a_row = std::ranges::contiguous_range<const T> && std::ranges::sized_range<const T> &&
                         sizeof(std::ranges::range_value_t<const T>) == 1 &&
                         std::is_trivially_copyable_v<std::ranges::range_value_t<const T>> &&
                         !std::is_convertible_v<const T&, std::string> && !std::is_convertible_v<const T&, const char*>;

/// Lifetime: owns or shares what it names; a file is opened by the put.
class content {
public:
    content(std::string bytes) : what_(shared_bytes(std::move(bytes))) {}
    content(const char* text) : what_(shared_bytes(text)) {}
    content(shared_bytes bytes) : what_(std::move(bytes)) {}

    /// A copy of them, since the put may begin when they are gone.
    template <bytes_in_a_row Bytes>
    content(const Bytes& bytes)
        : content(std::string(reinterpret_cast<const char*>(std::ranges::data(bytes)), std::ranges::size(bytes))) {}

    content(file f) : what_(std::move(f)) {}
    content(pieces p) : what_(std::move(p)) {}

    using variant = std::variant<shared_bytes, file, pieces>;
    const variant& what() const& noexcept { return what_; }
    variant&& what() && noexcept { return std::move(what_); }

private:
    variant what_;
};

} // namespace infra::storage
