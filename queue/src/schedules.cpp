#include <infra/queue/schedules.hpp>

#include <infra/queue/error.hpp>

#include <charconv>

namespace infra::queue {
namespace {

constexpr std::string_view prefix = "repeat:";

template <class T>
awaitable<T> not_there() {
    throw error(infra::errc::invalid_state,
                "this queue's storage cannot keep schedules; another one can, such as memory:");
    co_return T();
}

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

awaitable<void> schedule_store::upsert(std::vector<new_schedule>) { return not_there<void>(); }
awaitable<std::vector<bool>> schedule_store::remove_schedules(std::vector<schedule_key>) {
    return not_there<std::vector<bool>>();
}
// One that keeps none has none.
awaitable<std::vector<schedule_info>> schedule_store::schedules(std::optional<std::string>) {
    co_return std::vector<schedule_info>();
}
awaitable<std::vector<bool>> schedule_store::advance(std::vector<advance_request>) {
    return not_there<std::vector<bool>>();
}

} // namespace infra::queue
