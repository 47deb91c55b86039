#include <infra/queue/cron_expression.hpp>

#include "cron_calendar.hpp"
#include "cron_parse.hpp"

#include <infra/base/error.hpp>

#include <algorithm>

namespace infra::queue {

using namespace std::chrono;
using detail::cron_fields;

namespace {

using periods = std::span<const time_zone::period>;

/// The readings of a clock that belong to one period: `at - offset` is when it shows them.
struct window {
    local_seconds begin, end;
    seconds offset;
};

local_seconds local_time_of(sys_seconds t, seconds offset) { return local_seconds(t.time_since_epoch() + offset); }
sys_seconds instant(local_seconds reading, seconds offset) { return sys_seconds(reading.time_since_epoch() - offset); }

// A reading that is skipped or repeated at a change is the earlier period's, unless all hours match: then periods have what their
// clocks show.
window window_of(const cron_fields& f, periods all, std::size_t i) {
    const auto own = all[i].offset;
    const bool as_shown = f.hours == all_hours;
    const auto before = i == 0 || as_shown ? own : std::max(all[i - 1].offset, own);
    if (i + 1 == all.size())
        return {local_time_of(all[i].begin, before), local_seconds::max(), own};
    const auto after = as_shown ? own : std::max(all[i + 1].offset, own);
    return {local_time_of(all[i].begin, before), local_time_of(all[i + 1].begin, after), own};
}

// Instants of two neighbouring periods overlap where a change skips an hour: late runs of the earlier among those of the later.
std::size_t one_before(std::size_t i) { return i == 0 ? 0 : i - 1; }

std::optional<sys_seconds> first_run(const cron_fields& f, periods all, sys_seconds from) {
    std::optional<sys_seconds> best;
    std::optional<local_seconds> searched, match; // nothing matches between the two
    for (auto i = one_before(period_at(all, from)); i < all.size() && !(best && *best <= all[i].begin); ++i) {
        const auto w = window_of(f, all, i);
        const auto begin = std::max(w.begin, local_time_of(from, w.offset));
        if (begin >= w.end)
            continue;
        if (!searched || begin < *searched || begin > *match) {
            searched = begin;
            match = first_match(f, begin);
            if (!match)
                return best;
        }
        if (*match < w.end)
            best = best ? std::min(*best, instant(*match, w.offset)) : instant(*match, w.offset);
    }
    return best;
}

std::optional<sys_seconds> last_run(const cron_fields& f, periods all, sys_seconds upto) {
    std::optional<sys_seconds> best;
    std::optional<local_seconds> searched, match;
    for (auto i = period_at(all, upto) + 1; i-- > 0;) {
        const auto w = window_of(f, all, i);
        if (best && instant(w.end, w.offset) <= *best)
            break;
        const auto end = std::min(w.end - seconds(1), local_time_of(upto, w.offset));
        if (end < w.begin)
            continue;
        if (!searched || end > *searched || end < *match) {
            searched = end;
            match = last_match(f, end);
            if (!match)
                return best;
        }
        if (*match >= w.begin)
            best = best ? std::max(*best, instant(*match, w.offset)) : instant(*match, w.offset);
    }
    return best;
}

std::optional<wall_time> within_wall_time(std::optional<sys_seconds> t) {
    if (!t || *t > floor<seconds>(wall_time::max()) || *t < ceil<seconds>(wall_time::min()))
        return std::nullopt;
    return wall_time(*t);
}

} // namespace

cron_expression cron_expression::parse(std::string_view text) { return try_parse(text).value(); }

boost::system::result<cron_expression, cron_failure> cron_expression::try_parse(std::string_view text) {
    auto read = read_cron(text);
    if (!read)
        return read.error();
    return cron_expression(std::move(read->text), read->fields);
}

std::optional<wall_time> cron_expression::next(wall_time after, const time_zone& zone) const {
    return within_wall_time(first_run(fields_, zone.periods(), floor<seconds>(after) + seconds(1)));
}

std::optional<wall_time> cron_expression::previous(wall_time before, const time_zone& zone) const {
    return within_wall_time(last_run(fields_, zone.periods(), ceil<seconds>(before) - seconds(1)));
}

std::string to_string(const cron_failure& f) { return f.field + ": " + f.problem; }

void throw_exception_from_error(const cron_failure& why, const boost::source_location&) {
    throw error(infra::errc::invalid_input, "this is no cron expression: " + to_string(why));
}

} // namespace infra::queue
