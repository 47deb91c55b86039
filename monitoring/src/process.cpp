#include "process.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <unistd.h>

namespace infra::monitoring::detail {
namespace {

std::string contents(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
    std::uint64_t n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

// Seconds since 1970 at which the machine booted; it does not change while we run.
std::optional<std::uint64_t> boot_time() {
    static const auto read = []() -> std::optional<std::uint64_t> {
        const auto text = contents("/proc/stat");
        constexpr std::string_view name = "\nbtime ";
        const auto at = text.find(name);
        if (at == text.npos)
            return std::nullopt;
        const auto begin = at + name.size();
        return number(std::string_view(text).substr(begin, text.find('\n', begin) - begin));
    }();
    return read;
}

std::optional<double> open_files() {
    std::error_code failed;
    std::filesystem::directory_iterator each("/proc/self/fd", failed);
    if (failed)
        return std::nullopt;
    const auto count = std::distance(each, std::filesystem::directory_iterator());
    return static_cast<double>(count - 1); // the one that reads the directory
}

std::optional<double> max_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return std::nullopt;
    return static_cast<double>(limit.rlim_cur);
}

void put(std::vector<family_snapshot>& out, metric_type type, std::string name, std::string help,
         std::optional<double> value, wall_time since = {}) {
    if (value)
        out.push_back({.exposed = {.name = std::move(name)},
                       .type = type,
                       .help = std::move(help),
                       .samples = {{.value = *value, .since = since}}});
}

} // namespace

std::optional<process_stat> parse_process_stat(std::string_view text) noexcept {
    const auto name_end = text.rfind(')'); // "123 (a name) S 1 …": the third field follows
    if (name_end == text.npos)
        return std::nullopt;
    text.remove_prefix(name_end + 1);
    std::array<std::uint64_t, 25> fields{}; // by their numbers in proc(5)
    for (std::size_t i = 3; i < fields.size(); ++i) {
        const auto begin = text.find_first_not_of(" \n");
        if (begin == text.npos)
            return std::nullopt;
        const auto end = std::min(text.find_first_of(" \n", begin), text.size());
        fields[i] = number(text.substr(begin, end - begin)).value_or(0); // letters and negative ones are not asked for
        text.remove_prefix(end);
    }
    return process_stat{.user_ticks = fields[14],
                        .system_ticks = fields[15],
                        .threads = fields[20],
                        .start_ticks = fields[22],
                        .virtual_bytes = fields[23],
                        .resident_pages = fields[24]};
}

std::vector<family_snapshot> process_families() {
    std::vector<family_snapshot> out{build_info()};
    put(out, metric_type::gauge, "process_open_fds", "Open file descriptors.", open_files());
    put(out, metric_type::gauge, "process_max_fds", "Most file descriptors the process may open.", max_files());
    const auto stat = parse_process_stat(contents("/proc/self/stat"));
    if (!stat)
        return out;
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto boot = boot_time();
    const double start = static_cast<double>(boot.value_or(0)) + static_cast<double>(stat->start_ticks) / ticks;
    const auto started = boot ? from_unix_ms(static_cast<std::int64_t>(start * 1000)) : wall_time{};
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    put(out, metric_type::counter, "process_cpu_seconds_total", "User and system processor time.",
        static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks, started);
    put(out, metric_type::gauge, "process_resident_memory_bytes", "Memory in RAM.",
        static_cast<double>(stat->resident_pages) * page);
    put(out, metric_type::gauge, "process_virtual_memory_bytes", "Address space in use.",
        static_cast<double>(stat->virtual_bytes));
    put(out, metric_type::gauge, "process_threads", "Threads.", static_cast<double>(stat->threads));
    put(out, metric_type::gauge, "process_start_time_seconds", "When the process started, in seconds since 1970.",
        boot ? std::optional(start) : std::nullopt);
    return out;
}

} // namespace infra::monitoring::detail
