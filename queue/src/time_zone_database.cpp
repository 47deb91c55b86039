#include "time_zone_database.hpp"

#include <absl/time/time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace infra::queue {

using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

bool is_there(const std::string& name) {
    const auto* folder = std::getenv("TZDIR");
    std::error_code ignored;
    return std::filesystem::is_regular_file(
        std::filesystem::path(folder && *folder ? folder : "/usr/share/zoneinfo") / name, ignored);
}

} // namespace

// Abseil rather than Hinnant's date: that one (3.0) reads what a zone's file lists and not the rule at its end, and so knows no
// summer after 2037, or none at all where the files are the short ones.
std::optional<std::vector<time_zone::period>> periods_from_database(const std::string& name) {
    absl::TimeZone zone;
    // Abseil keeps the names it does not find for ever.
    if (!is_there(name) || !absl::LoadTimeZone(name, &zone))
        return std::nullopt;
    const auto first = absl::FromUnixSeconds(std::chrono::floor<seconds>(wall_time::min()).time_since_epoch().count());
    const auto last = absl::FromUnixSeconds(std::chrono::floor<seconds>(wall_time::max()).time_since_epoch().count());
    const auto period_from = [&](absl::Time begin) {
        return time_zone::period{sys_seconds(seconds(absl::ToUnixSeconds(begin))), seconds(zone.At(begin).offset)};
    };
    std::vector<time_zone::period> periods{period_from(first)};
    absl::TimeZone::CivilTransition change;
    for (auto at = first; zone.NextTransition(at, &change) && at <= last;) {
        at = std::max(zone.At(change.to).trans, at + absl::Seconds(1));
        if (const auto next = period_from(at); next.offset != periods.back().offset)
            periods.push_back(next);
    }
    return periods;
}

} // namespace infra::queue
