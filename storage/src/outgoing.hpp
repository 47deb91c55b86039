#pragma once

/// A caller's source, watched on its way to a bucket.

#include "core.hpp"
#include "progress.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/runtime/regular_file.hpp>
#include <infra/storage/bucket.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace infra::storage {

/// Counts, sums and bounds what a source gives.
///
/// Threads:  one coroutine's.
/// Errors:   next() throws storage_error where the source gives nothing in time, or not the size that was said; and what the source
///           throws, which is kept in thrown() as well: a bucket may make an error of its own of it.
class outgoing {
public:
    /// `told` hears of the bytes, unless it is null; it outlives this.
    outgoing(core_ptr core, std::string what, byte_source from, std::optional<std::uint64_t> size, checksum_kind kind,
             progress_teller* told, deadline limit);

    awaitable<std::string> next();

    checksum sum() const { return sum_.value(); }
    std::uint64_t size() const noexcept { return given_; }
    const std::exception_ptr& thrown() const noexcept { return thrown_; }

private:
    awaitable<std::string> ask();
    void check(const std::string& piece);

    const core_ptr core_;
    const std::string what_;
    byte_source from_;
    const std::optional<std::uint64_t> expected_;
    running_checksum sum_;
    progress_teller* const told_;
    const deadline limit_;
    std::uint64_t given_ = 0;
    std::exception_ptr thrown_{};
};

/// What `work` gives. Where the source has failed, throws what that threw, whatever `work` made of it.
awaitable<object_info> unless_thrown(std::shared_ptr<const outgoing> from, awaitable<object_info> work);

/// Where a file is read in pieces, on the pool: the `size` bytes it had at the beginning; fewer are errc::io.
byte_source pieces_of(core_ptr core, std::shared_ptr<const regular_file> from);

/// What was read of a source already, and then the rest.
byte_source put_before(std::string head, byte_source rest);

} // namespace infra::storage
