#pragma once

/// How an object is cut into parts. Pure.

#include <infra/storage/bucket.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace infra::storage {

/// One part of an object: the numbers begin with 1.
struct slice {
    int number = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;

    friend bool operator==(const slice&, const slice&) = default;
};

/// Equal parts, of which only the last may be shorter. R2 takes no others, and every store takes these.
struct part_plan {
    std::uint64_t size = 0;
    std::uint64_t part_size = 1;

    /// At least 1: an object of no bytes is one part of none.
    int count() const noexcept { return size == 0 ? 1 : static_cast<int>(size / part_size + (size % part_size != 0)); }

    /// 1 to count().
    slice at(int number) const noexcept;
};

/// Bytes of each part of an object of `size`: `wanted`, or as many whole MiB more as it takes to need no more parts than there may be. Throws
/// std::invalid_argument where `wanted` is no size of a part, storage_error with errc::too_large where the object cannot be cut
/// so.
std::uint64_t part_size_for(std::uint64_t size, std::uint64_t wanted, const bucket_traits& of, std::string_view key);

/// Of an object whose length nobody knows yet: all parts must be as long as the first.
std::uint64_t part_size_for_any(std::uint64_t wanted, const bucket_traits& of);

/// Of 1 to `count`, those that are not among `there`.
std::vector<int> missing_parts(const std::map<int, part>& there, int count);

} // namespace infra::storage
