#include "open_files_readings.hpp"
#include "thresholds.hpp"

#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

#include <sys/resource.h>

namespace infra::health {
namespace detail {
namespace {

/// Reading the directory takes a descriptor too, which is not counted.
std::optional<open_files_readings> read_open_files() {
    std::error_code ec;
    open_files_readings out;
    for (std::filesystem::directory_iterator each("/proc/self/fd", ec), end; !ec && each != end; each.increment(ec))
        ++out.open;
    if (ec && ec != std::errc::too_many_files_open)
        return std::nullopt;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return std::nullopt;
    if (limit.rlim_cur != RLIM_INFINITY)
        out.limit = limit.rlim_cur;
    // Not even one was left to count the others with.
    out.open = ec ? out.limit.value_or(0) : out.open - 1;
    return out;
}

} // namespace

check_result judge_open_files(const std::optional<open_files_readings>& readings,
                              const open_files_check_options& options) {
    if (!readings)
        return degraded("open files cannot be read from /proc");
    check_result out{.message = std::to_string(readings->open) + " open", .details = {{"open", readings->open}}};
    if (!readings->limit)
        return out;
    const auto limit = static_cast<double>(*readings->limit);
    const double share = limit > 0 ? static_cast<double>(readings->open) / limit : 1;
    out.status = judge(share, options.degraded_above, options.unhealthy_above);
    out.message += " of " + std::to_string(*readings->limit) + " (" + percent(share) + ")";
    out.details["limit"] = *readings->limit;
    return out;
}

} // namespace detail

open_files_check::open_files_check(open_files_check_options options) : options_(options) {
    detail::check_shares("health::open_files_check_options", options_.degraded_above, options_.unhealthy_above);
}

check_result open_files_check::operator()() const {
    return detail::judge_open_files(detail::read_open_files(), options_);
}

} // namespace infra::health
