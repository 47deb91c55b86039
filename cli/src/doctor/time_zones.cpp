#include "time_zones.hpp"

#include <infra/base/error.hpp>
#include <infra/queue/time_zone.hpp>

#include <array>

namespace infra::cli::doctor {
namespace {

// On three continents; a database that has these has all.
constexpr std::array tried{"Europe/Berlin", "America/New_York", "Asia/Tokyo"};

bool is_known(const std::string& zone) {
    try {
        queue::time_zone::named(zone);
        return true;
    } catch (const error&) {
        return false;
    }
}

// Of what TZ may be, only names are looked up: a rule such as CET-1CEST,M3.5.0,M10.5.0/3 says all by itself, and so does a path.
bool is_name(const std::string& tz) {
    return tz.find('/') != std::string::npos && tz.find(',') == std::string::npos && !tz.starts_with('/');
}

} // namespace

findings judge_zones(const zone_facts& f) {
    findings all;
    if (f.lacking.size() == tried.size())
        all.push_back(failure(f.folder, "has no time zones",
                              "cron knows UTC alone; schedules with a zone keep the "
                              "service from starting",
                              "apt-get install tzdata (apk add tzdata), or set TZDIR"));
    else if (!f.lacking.empty())
        all.push_back(warning(f.folder, "lacks " + f.lacking.front(), "schedules in such zones cannot be defined",
                              "apt-get install --reinstall tzdata"));
    else
        all.push_back(well(f.folder, "has the time zones that cron needs"));
    if (!f.tz_known)
        all.push_back(warning("TZ", "is no zone of the database", "the C library takes it for UTC",
                              "set it to one that `timedatectl list-timezones` lists, such as Europe/Berlin"));
    return all;
}

findings look_at_zones(const situation& at) {
    zone_facts facts{.folder = at.variables.get_or("TZDIR", "/usr/share/zoneinfo")};
    for (const std::string each : tried)
        if (!is_known(each))
            facts.lacking.push_back(each);
    facts.tz = at.variables.get_or("TZ", "");
    const auto name = facts.tz.starts_with(':') ? facts.tz.substr(1) : facts.tz;
    facts.tz_known = !is_name(name) || is_known(name);
    return judge_zones(facts);
}

} // namespace infra::cli::doctor
