#pragma once

#include "../preconditions.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/descriptor.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace infra::storage::disk {

/// What is still to be read of an open file, which stays the object it was, whatever happens to its name.
///
/// Threads: one at a time, any.
/// Errors:  storage_error: infra::errc::io, also where somebody has made the file shorter.
class reading {
public:
    static constexpr std::size_t piece = 1u << 20;

    reading(descriptor file, resolved_range what, std::string word);

    /// The next piece; empty at the end. Waits for the disk.
    std::string read();

    /// Reads it now, if there is only one: then nobody has to wait for a thread again.
    void read_ahead();

    /// What has been read ahead, or the end.
    bool is_ready() const noexcept { return !ready_.empty() || left_ == 0; }
    std::string take_ready() noexcept { return std::exchange(ready_, {}); }

private:
    descriptor file_;
    std::uint64_t at_;
    std::uint64_t left_;
    std::string word_;
    std::string ready_;
};

/// On the pool, or on the default one.
awaitable<std::string> next_piece(blocking_pool* pool, std::shared_ptr<reading> from);

} // namespace infra::storage::disk
