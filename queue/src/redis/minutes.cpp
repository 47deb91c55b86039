#include "minutes.hpp"

#include <map>

namespace infra::queue::redis_backend {
namespace {

using minutes_ended = std::map<wall_time, minute_counts>;

void add(minutes_ended& to, const stored_minutes& of, std::size_t minute_counts::* which) {
    if (!of.last)
        return;
    auto minute = std::chrono::floor<std::chrono::minutes>(*of.last);
    const auto put = [&](std::size_t ended) {
        auto& counts = to[minute];
        counts.minute = minute;
        counts.*which += ended;
    };
    put(of.count > of.count_before ? of.count - of.count_before : 0);
    for (const auto ended : of.closed) {
        minute -= std::chrono::minutes(1);
        put(ended);
    }
}

} // namespace

stored_minutes read_minutes(const hash_fields& metrics, const std::vector<std::string>& data) {
    const auto* last = find_field(metrics, "prevTS");
    stored_minutes read{.count = count_in(metrics, "count"),
                        .count_before = count_in(metrics, "prevCount"),
                        .last = last ? time_of(*last) : std::nullopt};
    for (std::size_t i = 0; i < data.size() && i < most_minutes; ++i)
        read.closed.push_back(count_of(data[i]));
    return read;
}

std::vector<minute_counts> history_of(const stored_minutes& completed, const stored_minutes& failed, wall_time from,
                                      wall_time to) {
    minutes_ended all;
    add(all, completed, &minute_counts::completed);
    add(all, failed, &minute_counts::failed);
    std::vector<minute_counts> found;
    for (const auto& [minute, counts] : all)
        if (minute >= from && minute < to && counts.completed + counts.failed > 0)
            found.push_back(counts);
    return found;
}

} // namespace infra::queue::redis_backend
