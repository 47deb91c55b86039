#include "machine.hpp"

#include "../storage_verbs.hpp"

#include <infra/cache/options.hpp>
#include <infra/http_server/options.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

namespace infra::cli::doctor {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;
const std::uint64_t connections = http::server_limits{}.max_connections;
constexpr std::uint64_t besides_connections = 240; // files, Redis, the log
constexpr std::uint64_t memory_of_a_service = 64 * mib;
const std::uint64_t memory_of_a_cache = cache::cache_options{}.max_bytes;

std::optional<std::uint64_t> limit_of(int resource, bool soft) {
    rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0)
        return std::nullopt;
    const auto value = soft ? limit.rlim_cur : limit.rlim_max;
    return value == RLIM_INFINITY ? std::nullopt : std::optional<std::uint64_t>(value);
}

std::string shown_cores(double n) {
    std::string text = std::to_string(n);
    text.resize(text.find('.') + 2);
    return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

} // namespace

findings judge_open_files(const descriptor_limits& limits) {
    const auto wanted = connections + besides_connections;
    if (!limits.soft)
        return {well("ulimit -n", "without a limit")};
    const auto is = std::to_string(*limits.soft);
    if (*limits.soft >= wanted)
        return {well("ulimit -n", is)};
    const auto means = "a service takes up to " + std::to_string(connections) + " connections, and from about " +
                       std::to_string(*limits.soft - std::min(*limits.soft, besides_connections)) +
                       " on it cannot accept more";
    const bool may = !limits.hard || *limits.hard >= wanted;
    const std::string advice = may ? "raise it where the service is started: LimitNOFILE=65536 in its unit, or "
                                     "`ulimit -n 65536`; or let the service take fewer (server_limits::max_connections)"
                                   : "raise it where the service is started, as root: LimitNOFILE=65536 in its unit, "
                                     "or /etc/security/limits.conf";
    constexpr std::uint64_t too_few = 256;
    if (*limits.soft < too_few)
        return {failure("ulimit -n", is, means, advice)};
    return {warning("ulimit -n", is, means, advice)};
}

findings look_at_open_files(const situation&) {
    return judge_open_files({limit_of(RLIMIT_NOFILE, true), limit_of(RLIMIT_NOFILE, false)});
}

findings judge_memory(const machine_limits& l, bool caches_in_memory) {
    const auto wanted = memory_of_a_service + (caches_in_memory ? memory_of_a_cache : 0);
    const auto has = l.memory_limit ? std::min(*l.memory_limit, l.memory) : l.memory;
    const auto found = shown_size(has) + (l.memory_limit ? " by a limit of the cgroup" : " of the machine");
    if (has >= 2 * wanted)
        return {well("", found)};
    const std::string means = caches_in_memory ? "a service takes some 64 MiB, and its cache in memory up to " +
                                                     shown_size(memory_of_a_cache) + " more"
                                               : "a service takes some 64 MiB";
    const std::string advice =
        "raise the limit (MemoryMax= in the unit, --memory of Docker)" +
        std::string(caches_in_memory ? ", or make the cache smaller (memory_options::max_bytes)" : "");
    if (has < wanted)
        return {failure("", found, means + "; what exceeds the limit is killed", advice)};
    return {warning("", found, means, advice)};
}

findings judge_cores(const machine_limits& l) {
    const auto loops = std::to_string(l.cores) + (l.cores == 1 ? " loop" : " loops");
    if (!l.quota || *l.quota >= l.cores)
        return {well("", std::to_string(l.cores) + (l.cores == 1 ? " core" : " cores"))};
    return {warning("", "a quota of " + shown_cores(*l.quota) + " for " + loops,
                    "a service has a loop a core; together they use up the quota, and then all of them stand still for "
                    "the rest of each 100 ms",
                    "give it whole cores (AllowedCPUs= in the unit, --cpuset-cpus of Docker), or a quota of " +
                        std::to_string(l.cores))};
}

findings judge_clock(std::optional<bool> synchronized, std::int64_t year) {
    constexpr std::int64_t of_this_library = 2025;
    if (year < of_this_library)
        return {failure("", "it is the year " + std::to_string(year),
                        "certificates are not valid yet, S3 refuses requests, and schedules run at wrong times",
                        "set the clock: `timedatectl set-ntp true`")};
    if (!synchronized)
        return {well("", "whether it is kept right cannot be seen from here")};
    if (*synchronized)
        return {well("", "is kept right")};
    return {warning("", "nobody keeps it right",
                    "it drifts by seconds a day: S3 refuses requests from 15 min on, and signed URLs end early or late",
                    "`timedatectl set-ntp true`, or install chrony; in a container, on its host")};
}

findings look_at_clock(const situation&) {
    using namespace std::chrono;
    const year_month_day today(floor<days>(system_clock::now()));
    timex asked{};
    const int state = ::adjtimex(&asked);
    return judge_clock(state < 0 ? std::nullopt : std::optional(state != TIME_ERROR && !(asked.status & STA_UNSYNC)),
                       static_cast<int>(today.year()));
}

findings judge_user(bool root, bool production) {
    if (!root)
        return {well("", "not root")};
    const std::string found = "this is root";
    if (!production)
        return {well("", found + ", and this is no production")};
    return {warning("", found, "whoever breaks into the service has the machine, and files of root keep others out",
                    "run it as a user of its own: User= or DynamicUser=yes in the unit, USER in the Dockerfile")};
}

findings look_at_user(const situation& at) {
    const auto runs_as = at.variables.get_or(at.variables.has("APP_ENV") ? "APP_ENV" : "NODE_ENV", "development");
    return judge_user(::geteuid() == 0, runs_as == "production");
}

findings look_at_memory(const situation& at) {
    const bool in_memory = at.variables.get_or("CACHE_URL", at.variables.get_or("REDIS_URL", "memory:")) == "memory:";
    return judge_memory(read_limits("/", std::max(1u, std::thread::hardware_concurrency())), in_memory);
}

findings look_at_cores(const situation&) {
    return judge_cores(read_limits("/", std::max(1u, std::thread::hardware_concurrency())));
}

} // namespace infra::cli::doctor
