#include "machine.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace infra::cli::doctor {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Of the beginning of a text; none for "max" and "-1".
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t n = 0;
    return std::from_chars(text.data(), text.data() + text.size(), n).ec == std::errc() ? std::optional(n)
                                                                                        : std::nullopt;
}

// In /proc/self/cgroup, `0::/a/b` is the group of v2, and `4:cpu,cpuacct:/a` that of a controller of v1.
std::string group_of(std::string_view membership, std::string_view controller) {
    std::istringstream lines{std::string(membership)};
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos)
            continue;
        const auto names = "," + line.substr(first + 1, second - first - 1) + ",";
        if (controller.empty() ? names == ",," : names.find("," + std::string(controller) + ",") != std::string::npos)
            return line.substr(second + 1);
    }
    return {};
}

// The group itself and those around it. A path of the host's is not below the mount that a container sees, which is its own group.
template <class Visit>
void upwards(const fs::path& mount, const std::string& group, Visit visit) {
    for (auto path = fs::path(group.empty() ? "/" : group);; path = path.parent_path()) {
        visit(mount / path.relative_path());
        if (path == path.parent_path())
            return;
    }
}

template <class T>
void tighten(std::optional<T>& limit, std::optional<T> by) {
    if (by && (!limit || *by < *limit))
        limit = by;
}

// `50000 100000`: of 100 ms the group may use 50.
std::optional<double> quota(std::optional<std::uint64_t> used, std::optional<std::uint64_t> period) {
    if (!used || !period || *period == 0)
        return std::nullopt;
    return static_cast<double>(*used) / static_cast<double>(*period);
}

std::optional<double> quota_of_v2(std::string_view cpu_max) {
    const auto space = cpu_max.find(' ');
    return space == std::string_view::npos ? std::nullopt
                                           : quota(number(cpu_max.substr(0, space)), number(cpu_max.substr(space + 1)));
}

std::uint64_t memory_of(const fs::path& root) {
    std::ifstream in(root / "proc/meminfo");
    std::string name;
    std::uint64_t kib = 0;
    in >> name >> kib;
    return kib * 1024;
}

} // namespace

machine_limits read_limits(const fs::path& root, unsigned cores) {
    machine_limits found{.memory = memory_of(root), .cores = cores};
    const auto membership = contents(root / "proc/self/cgroup");
    const auto mount = root / "sys/fs/cgroup";
    upwards(mount, group_of(membership, ""), [&found](const fs::path& group) {
        tighten(found.memory_limit, number(contents(group / "memory.max")));
        tighten(found.quota, quota_of_v2(contents(group / "cpu.max")));
    });
    upwards(mount / "memory", group_of(membership, "memory"), [&found](const fs::path& group) {
        tighten(found.memory_limit, number(contents(group / "memory.limit_in_bytes")));
    });
    upwards(mount / "cpu", group_of(membership, "cpu"), [&found](const fs::path& group) {
        tighten(found.quota,
                quota(number(contents(group / "cpu.cfs_quota_us")), number(contents(group / "cpu.cfs_period_us"))));
    });
    if (found.memory_limit && *found.memory_limit >= found.memory) // v1 says "none" by a huge number
        found.memory_limit.reset();
    return found;
}

} // namespace infra::cli::doctor
