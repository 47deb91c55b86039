#pragma once

// What Prometheus' client libraries tell of every process.

#include "exposition.hpp"

#include <optional>
#include <string_view>

namespace infra::monitoring::detail {

/// Of /proc/self/stat (proc(5)), in the kernel's units.
struct process_stat {
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t threads = 0;
    std::uint64_t start_ticks = 0; ///< since boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;

    friend bool operator==(const process_stat&, const process_stat&) = default;
};

/// Empty if the text is not of that form. The program's name in it may hold spaces and parentheses.
std::optional<process_stat> parse_process_stat(std::string_view text) noexcept;

/// process_* and infra_build_info, of this process now. What cannot be read is left out.
std::vector<family_snapshot> process_families();

/// `infra_build_info{compiler="…",version="…"} 1`
family_snapshot build_info();

} // namespace infra::monitoring::detail
