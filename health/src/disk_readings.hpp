#pragma once

// What the kernel says about a file system, read apart from what it means.

#include <infra/health/disk.hpp>

#include <cstdint>

namespace infra::health::detail {

/// `available` is what an ordinary user may still take: less than `total - used` where root keeps a reserve.
struct disk_room {
    std::uint64_t used = 0;
    std::uint64_t available = 0;
};

struct disk_readings {
    disk_room bytes;
    disk_room inodes; ///< 0 and 0 where a file system does not count them
};

check_result judge_disk(const disk_readings& readings, const disk_check_options& options);

} // namespace infra::health::detail
