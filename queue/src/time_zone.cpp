#include <infra/queue/time_zone.hpp>

#include "retry_policy.hpp"
#include "time_zone_database.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>

namespace infra::queue {

using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

// Before any wall_time, and so far from the ends of the clock that any offset may be added.
constexpr sys_seconds long_ago{seconds(std::numeric_limits<std::int64_t>::min() / 4)};

constexpr time_zone::period utc[] = {{long_ago, seconds(0)}};

// A name is a path below a folder, and must not lead out of it.
bool is_well_formed(std::string_view name) {
    const auto usual = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_+-/").find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() <= 100 && name.front() != '/' && name.find("//") == std::string_view::npos &&
           std::ranges::all_of(name, usual);
}

[[noreturn]] void refuse_name(std::string_view name) {
    throw error(infra::errc::invalid_input,
                "there is no time zone '" + readable(name, 60) +
                    "'; those of this machine stand below /usr/share/zoneinfo, such as Europe/Berlin (`timedatectl "
                    "list-timezones` lists them; none but UTC: install tzdata)");
}

void check_periods(const std::vector<time_zone::period>& periods) {
    for (std::size_t i = 0; i < periods.size(); ++i) {
        if (i > 0 && periods[i].begin <= periods[i - 1].begin)
            throw std::invalid_argument("queue::time_zone: periods must be in order");
        if (std::chrono::abs(periods[i].offset) >= std::chrono::days(1))
            throw std::invalid_argument("queue::time_zone: an offset must be less than a day");
    }
}

} // namespace

struct time_zone::facts {
    std::string name;
    std::vector<period> periods;
};

time_zone time_zone::of_periods(std::string name, std::vector<period> periods) {
    check_periods(periods);
    if (periods.empty())
        periods.push_back(utc[0]);
    periods.front().begin = long_ago;
    return time_zone(std::make_shared<const facts>(facts{std::move(name), std::move(periods)}));
}

time_zone time_zone::named(std::string_view name) {
    if (name == "UTC")
        return {};
    if (!is_well_formed(name))
        refuse_name(name);
    // Only names of files get in, so it is bounded.
    static std::map<std::string, time_zone, std::less<>> known;
    static std::mutex mutex;
    const std::scoped_lock lock(mutex);
    if (const auto found = known.find(name); found != known.end())
        return found->second;
    auto periods = periods_from_database(std::string(name));
    if (!periods)
        refuse_name(name);
    auto zone = of_periods(std::string(name), *std::move(periods));
    return known.emplace(name, std::move(zone)).first->second;
}

const std::string& time_zone::name() const noexcept {
    static const std::string name_of_utc = "UTC";
    return facts_ ? facts_->name : name_of_utc;
}

std::span<const time_zone::period> time_zone::periods() const noexcept {
    return facts_ ? std::span<const period>(facts_->periods) : utc;
}

seconds time_zone::offset_at(wall_time t) const noexcept {
    const auto all = periods();
    return all[period_at(all, std::chrono::floor<seconds>(t))].offset;
}

std::size_t period_at(std::span<const time_zone::period> periods, sys_seconds t) noexcept {
    const auto later = std::ranges::upper_bound(periods, t, {}, &time_zone::period::begin);
    return later == periods.begin() ? 0 : static_cast<std::size_t>(later - periods.begin()) - 1;
}

std::string to_rfc3339(wall_time t, const time_zone& zone) {
    const auto offset = zone.offset_at(t);
    const auto utc_text = format_rfc3339(saturating_add(t, offset));
    std::string text(utc_text.data(), 19);
    if (offset == seconds(0))
        return text + 'Z';
    const auto minutes = static_cast<int>(std::chrono::abs(offset) / std::chrono::minutes(1));
    const auto digits = [](int n) {
        return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
    };
    return text + (offset < seconds(0) ? '-' : '+') + digits(minutes / 60) + ':' + digits(minutes % 60);
}

} // namespace infra::queue
