#include "memory_readings.hpp"
#include "thresholds.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <string>

namespace infra::health {
namespace detail {
namespace {

/// The start of a small file of the kernel's; empty if it cannot be read.
std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text(64 * 1024, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

/// Empty for anything but a number, as `max`.
std::optional<std::uint64_t> number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
        return std::nullopt;
    return value;
}

constexpr std::uint64_t kib = 1024;

double share_of_limit(const memory_readings& r) noexcept {
    return static_cast<double>(r.in_use) / static_cast<double>(r.limit);
}

std::optional<memory_readings> read_machine(const std::filesystem::path& root) {
    const auto total = number_after(contents(root / "proc/meminfo"), "MemTotal:");
    const auto resident = number_after(contents(root / "proc/self/status"), "VmRSS:");
    if (!total || !resident || *total == 0)
        return std::nullopt;
    return memory_readings{.in_use = *resident * kib, .limit = *total * kib, .resident = *resident * kib};
}

std::optional<memory_readings> read_group(const std::filesystem::path& group) {
    const auto limit = number(contents(group / "memory.max"));
    const auto used = unreclaimable(contents(group / "memory.current"), contents(group / "memory.stat"));
    if (!limit || !used || *limit == 0)
        return std::nullopt;
    return memory_readings{.in_use = *used, .limit = *limit, .of_cgroup = true};
}

std::string summary(const memory_readings& r) {
    char text[96];
    std::snprintf(text, sizeof text, "%.1f%% of %.1f MiB in use (%s)", share_of_limit(r) * 100,
                  static_cast<double>(r.limit) / (1024.0 * 1024.0), r.of_cgroup ? "cgroup limit" : "machine");
    return text;
}

} // namespace

std::string_view cgroup_v2_path(std::string_view proc_self_cgroup) noexcept {
    for (std::size_t at = 0; at < proc_self_cgroup.size();) {
        const auto end = std::min(proc_self_cgroup.find('\n', at), proc_self_cgroup.size());
        const auto line = proc_self_cgroup.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with("0::/"))
            continue;
        const auto path = line.substr(3);
        return path.starts_with("/..") ? "/" : path;
    }
    return {};
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with(key))
            continue;
        const auto digits = line.find_first_not_of(" \t", key.size());
        if (digits != std::string_view::npos && digits > key.size())
            return number(line.substr(digits));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> unreclaimable(std::string_view current, std::string_view stat) noexcept {
    const auto charged = number(current);
    const auto active = number_after(stat, "active_file");
    const auto inactive = number_after(stat, "inactive_file");
    if (!charged || !active || !inactive)
        return std::nullopt;
    const auto can_go = *active + *inactive + number_after(stat, "slab_reclaimable").value_or(0);
    return *charged - std::min(*charged, can_go); // read at different moments, they may not add up
}

std::optional<memory_readings> read_memory(const std::filesystem::path& root) {
    const auto machine = read_machine(root);
    if (!machine)
        return std::nullopt;
    auto worst = *machine;
    const auto membership = contents(root / "proc/self/cgroup");
    const auto groups = root / "sys/fs/cgroup";
    // A path that is not below the mount belongs to the host: what a container sees at the mount is then its own group.
    for (std::filesystem::path path(cgroup_v2_path(membership)); !path.empty(); path = path.parent_path()) {
        const auto group = read_group(groups / path.relative_path());
        const bool limits = group && group->limit < machine->limit;
        if (limits && (!worst.of_cgroup || share_of_limit(*group) > share_of_limit(worst)))
            worst = *group;
        if (path == path.parent_path())
            break;
    }
    worst.resident = machine->resident;
    return worst;
}

check_result judge_memory(const std::optional<memory_readings>& readings, const memory_check_options& options) {
    if (!readings)
        return degraded("memory cannot be read from /proc");
    const auto used = share_of_limit(*readings);
    return {.status = judge(used, options.degraded_above, options.unhealthy_above),
            .message = summary(*readings),
            .details = {{"in_use_bytes", readings->in_use},
                        {"limit_bytes", readings->limit},
                        {"limit", readings->of_cgroup ? "cgroup" : "machine"},
                        {"resident_bytes", readings->resident}}};
}

} // namespace detail

check_result memory_check::operator()() const { return detail::judge_memory(detail::read_memory("/"), options_); }

} // namespace infra::health
