#pragma once

/// Where the parts of an object come from, filled and summed one after the other for several who send them.

#include "../core.hpp"
#include "plan.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/shared_bytes.hpp>
#include <infra/runtime/regular_file.hpp>
#include <infra/storage/checksum.hpp>
#include <infra/storage/content.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace infra::storage {

struct fed_part {
    int number = 0;
    shared_bytes bytes{};
    checksum sum{};
};

/// Threads:  one loop's; next() may be called again before it has returned.
/// Errors:   next() throws storage_error where the bytes cannot be had, and what a caller's source throws.
/// Cancel:   terminal.
class part_feed {
public:
    virtual ~part_feed() = default;

    /// Waits for memory, and for whoever gives the bytes. Empty at the end.
    virtual awaitable<std::optional<fed_part>> next(deadline limit) = 0;
};

using feed_ptr = std::shared_ptr<part_feed>;

/// Slices of what is in memory already.
feed_ptr feed_of(core_ptr core, shared_bytes bytes, part_plan plan, checksum_kind kind);

/// Those parts of a file.
feed_ptr feed_of(core_ptr core, std::shared_ptr<const regular_file> from, part_plan plan, std::vector<int> numbers,
                 checksum_kind kind);

/// Parts of that size of what comes, and a shorter one at the end: at least one. `key` is for sentences.
feed_ptr feed_of(core_ptr core, pieces from, std::uint64_t part_size, std::string key, checksum_kind kind);

/// A file that somebody named, opened on the pool.
awaitable<std::shared_ptr<const regular_file>> open_on_pool(core_ptr core, std::filesystem::path path);

/// Its bytes of that part, read into the beginning of `room`, and their checksum. Blocks. Throws storage_error where there are fewer.
checksum read_slice(const regular_file& from, slice part, std::span<char> room, checksum_kind kind);

/// How long memory may be waited for: until whatever lies in it has moved, or has failed to.
deadline memory_limit(const core& core, deadline limit);

} // namespace infra::storage
