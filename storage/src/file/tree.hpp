#pragma once

/// Files below a directory, and nothing else: whatever somebody has planted there, no name and no symbolic link leads out.

#include <infra/runtime/descriptor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace infra::storage::disk {

/// Which bytes a file has: no two of the same object that we write have the same.
struct version {
    std::int64_t mtime_ns = 0;
    std::uint64_t size = 0;

    friend bool operator==(const version&, const version&) = default;
};

version version_of(const struct stat& s) noexcept;

struct location {
    std::string directory; ///< empty: the root
    std::string name;
};
location split(std::string_view path);

enum class walking : std::uint8_t {
    by_kernel, ///< openat2(2)
    by_hand,   ///< step by step, for kernels and sandboxes without
};

/// Threads:  const members from any.
/// Errors:   as the system's calls: an empty descriptor, or -1, and errno. ELOOP: a symbolic link is in the way.
class tree {
public:
    explicit tree(descriptor root, std::optional<walking> how = {}); ///< empty: what the kernel has

    int root() const noexcept { return root_.get(); }

    /// Whether somebody has removed the root itself.
    bool is_gone() const noexcept;

    /// `path` is relative; empty is the root.
    descriptor open(const std::string& path, int flags, mode_t mode = 0) const noexcept;
    descriptor open_directory(const std::string& path) const noexcept;

    /// Opens the directory, and makes it and its parents if they are not there, on the disk if `synced`.
    descriptor make_directories(const std::string& path, bool synced) const noexcept;

    /// Of a file, whatever it is; a link is not followed.
    std::optional<struct stat> look(const std::string& path) const noexcept;

    bool remove(const std::string& path) const noexcept;

    /// Removes the directory and its parents as long as they are empty, but not `up_to`.
    void remove_empty(std::string path, std::string_view up_to = {}) const noexcept;

private:
    descriptor walk(const std::string& path, int flags, mode_t mode) const noexcept;

    descriptor root_;
    walking how_;
};

} // namespace infra::storage::disk
