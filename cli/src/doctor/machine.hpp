#pragma once

/// What the machine, or the container, gives a service: descriptors, memory, cores, the right time, a user.

#include "check.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace infra::cli::doctor {

/// Of `ulimit -n`; unset: without a limit.
struct descriptor_limits {
    std::optional<std::uint64_t> soft{}, hard{};
};

findings judge_open_files(const descriptor_limits& limits);
findings look_at_open_files(const situation& at);

/// A limit of cgroups, v2 or v1, the tightest of the process's own and those around it; and the machine's.
struct machine_limits {
    std::uint64_t memory = 0; ///< of the machine, in bytes
    unsigned cores = 0;       ///< that the process may run on; a service has as many loops
    std::optional<std::uint64_t> memory_limit{};
    std::optional<double> quota{}; ///< in cores
};

/// `root` is where proc/ and sys/ are.
machine_limits read_limits(const std::filesystem::path& root, unsigned cores);

findings judge_memory(const machine_limits& limits, bool caches_in_memory);
findings look_at_memory(const situation& at);

findings judge_cores(const machine_limits& limits);
findings look_at_cores(const situation& at);

/// `synchronized`: as the kernel was told by whoever keeps its clock; unset: it cannot be asked.
findings judge_clock(std::optional<bool> synchronized, std::int64_t year);
findings look_at_clock(const situation& at);

findings judge_user(bool root, bool production);
findings look_at_user(const situation& at);

} // namespace infra::cli::doctor
