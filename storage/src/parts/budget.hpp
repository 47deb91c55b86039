#pragma once

/// The memory in which parts lie, bounded over all calls of a storage.
///
///     auto buffer = co_await memory.take(part_size, limit);
///     fill(buffer.room());
///     auto bytes = std::move(buffer).share(filled);     // back in the stock when the last of these is gone

#include "line.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/shared_bytes.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace infra::storage {

namespace detail {
class buffer_stock;
struct buffer_block;
} // namespace detail

/// Room for a part, for as long as this or what it shared lives.
class part_buffer {
public:
    part_buffer() noexcept = default;
    explicit part_buffer(std::shared_ptr<detail::buffer_block> block) noexcept : block_(std::move(block)) {}

    std::span<char> room() const noexcept;
    explicit operator bool() const noexcept { return block_ != nullptr; }

    /// The first `size` bytes, from now on for reading only.
    shared_bytes share(std::size_t size) &&;

private:
    std::shared_ptr<detail::buffer_block> block_;
};

/// Threads:  any member from any.
/// Errors:   take() and reserve() throw storage_error with infra::errc::overloaded where memory does not come in time.
/// Cancel:   all types.
/// Lifetime: may go before its buffers do. The clock outlives whoever waits.
class part_memory {
public:
    /// `told`: as line's.
    part_memory(std::size_t most, clock& time, std::function<void(std::ptrdiff_t)> told = {});

    awaitable<part_buffer> take(std::size_t size, deadline limit) const;

    /// Counts as taken what somebody else holds.
    awaitable<ticket> reserve(std::size_t size, deadline limit) const;

    std::size_t in_use() const { return line_->taken(); }
    std::size_t waiting() const { return line_->waiting(); }

private:
    clock& time_;
    std::shared_ptr<line> line_;
    std::shared_ptr<detail::buffer_stock> stock_;
};

} // namespace infra::storage
