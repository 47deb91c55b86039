#pragma once

// What the kernel says about memory, read apart from what it means.

#include <infra/health/memory.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace infra::health::detail {

struct memory_readings {
    std::uint64_t in_use = 0;
    std::uint64_t limit = 0;
    bool of_cgroup = false; ///< otherwise of the machine
    std::uint64_t resident = 0;
};

/// The path in the line `0::/path` of /proc/self/cgroup; "/" for one outside of our namespace, empty without such a line.
std::string_view cgroup_v2_path(std::string_view proc_self_cgroup) noexcept;

/// The number after `key` in a file of `key number` lines, also `key: number kB`.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) noexcept;

/// Bytes of a group that cannot be taken back, from its memory.current and memory.stat.
std::optional<std::uint64_t> unreclaimable(std::string_view current, std::string_view stat) noexcept;

/// Reads /proc and /sys/fs/cgroup under `root`. Of several limits on the way up, the one that is nearest to being reached.
/// Empty if not even the machine's can be read.
std::optional<memory_readings> read_memory(const std::filesystem::path& root);

check_result judge_memory(const std::optional<memory_readings>& readings, const memory_check_options& options);

} // namespace infra::health::detail
