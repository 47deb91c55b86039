#include "disk_readings.hpp"
#include "thresholds.hpp"

#include <infra/health/disk.hpp>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/statvfs.h>

namespace infra::health {
namespace detail {
namespace {

double share_in_use(const disk_room& room) noexcept {
    const auto all = static_cast<double>(room.used) + static_cast<double>(room.available);
    return all > 0 ? static_cast<double>(room.used) / all : 0;
}

std::string gib(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
    return text;
}

disk_readings readings_of(const struct statvfs& fs) noexcept {
    const auto block = static_cast<std::uint64_t>(fs.f_frsize);
    return {.bytes = {.used = (fs.f_blocks - fs.f_bfree) * block, .available = fs.f_bavail * block},
            .inodes = {.used = fs.f_files - fs.f_ffree, .available = fs.f_favail}};
}

} // namespace

check_result judge_disk(const disk_readings& readings, const disk_check_options& options) {
    const double bytes = share_in_use(readings.bytes), inodes = share_in_use(readings.inodes);
    auto message = percent(bytes) + " in use, " + gib(readings.bytes.available) + " free";
    if (inodes > options.degraded_above)
        message += "; " + percent(inodes) + " of the inodes in use";
    return {.status = judge(std::max(bytes, inodes), options.degraded_above, options.unhealthy_above),
            .message = std::move(message),
            .details = {{"used_bytes", readings.bytes.used},
                        {"available_bytes", readings.bytes.available},
                        {"available_inodes", readings.inodes.available}}};
}

} // namespace detail

disk_check::disk_check(disk_check_options options) : options_(std::move(options)) {
    if (options_.path.empty())
        throw std::invalid_argument("health::disk_check_options::path must not be empty");
    detail::check_shares("health::disk_check_options", options_.degraded_above, options_.unhealthy_above);
}

check_result disk_check::operator()() const {
    struct statvfs fs{};
    if (::statvfs(options_.path.c_str(), &fs) != 0)
        return unhealthy("cannot ask the file system of " + options_.path + ": " +
                         std::system_category().message(errno));
    return detail::judge_disk(detail::readings_of(fs), options_);
}

} // namespace infra::health
