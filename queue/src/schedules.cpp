#include <infra/queue/schedules.hpp>

#include <infra/queue/error.hpp>

#include <charconv>

namespace infra::queue {
namespace {

constexpr std::string_view prefix = "repeat:";

std::int64_t milliseconds_of(wall_time t) {
    return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

} // namespace

job_id run_id(std::string_view schedule, wall_time run) {
    return std::string(prefix).append(schedule).append(":").append(std::to_string(milliseconds_of(run)));
}

std::optional<std::pair<std::string, wall_time>> run_of(std::string_view id) {
    const auto colon = id.rfind(':');
    if (!id.starts_with(prefix) || colon < prefix.size())
        return std::nullopt;
    std::int64_t ms = 0;
    const auto* end = id.data() + id.size();
    const auto read = std::from_chars(id.data() + colon + 1, end, ms);
    constexpr auto most = std::chrono::floor<std::chrono::milliseconds>(wall_time::max().time_since_epoch()).count();
    if (read.ec != std::errc() || read.ptr != end || ms > most || ms < -most)
        return std::nullopt;
    return std::pair(std::string(id.substr(prefix.size(), colon - prefix.size())),
                     wall_time(std::chrono::milliseconds(ms)));
}

} // namespace infra::queue
