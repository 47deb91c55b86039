#pragma once

// A second opinion on when expressions run: slower, and made another way.

#include "src/cron_calendar.hpp"
#include "src/cron_parse.hpp"
#include "support.hpp"

#include <random>
#include <set>
#include <string>
#include <vector>

namespace infra::queue::tests {

/// Does a reading match? One question to each field.
inline bool matches(const detail::cron_fields& f, std::chrono::local_seconds reading) {
    using namespace std::chrono;
    const auto day = floor<days>(reading);
    const year_month_day date(day);
    const hh_mm_ss time(reading - day);
    const auto has = [](std::uint64_t bits, auto n) { return (bits >> static_cast<unsigned>(n) & 1) != 0; };
    if (!has(f.seconds, time.seconds().count()) || !has(f.minutes, time.minutes().count()) ||
        !has(f.hours, time.hours().count()) || !has(f.months, unsigned(date.month())))
        return false;
    const auto number = unsigned(date.day());
    const auto in_month = unsigned((date.year() / date.month() / last).day());
    const auto on = weekday(day).c_encoding();
    const bool by_day = has(f.days, number) || (f.last_day && number == in_month);
    const bool by_weekday = (has(f.weekdays, on) && (f.nth_weekday == 0 || (number + 6) / 7 == f.nth_weekday)) ||
                            (has(f.last_weekdays, on) && number + 7 > in_month);
    return f.any_day ? f.any_weekday || by_weekday : f.any_weekday ? by_day : by_day || by_weekday;
}

/// All runs from `begin` up to `end`, by looking at the clock every `tick`, from before the last change that matters.
inline std::vector<wall_time> runs_by_looking(const detail::cron_fields& f, const time_zone& zone,
                                              std::chrono::sys_seconds begin, std::chrono::sys_seconds end,
                                              std::chrono::seconds tick, std::chrono::hours longest_skip) {
    using namespace std::chrono;
    const auto reading = [&](sys_seconds t) { return local_seconds((t + zone.offset_at(t)).time_since_epoch()); };
    const bool as_shown = f.hours == all_hours;
    std::set<wall_time> runs;
    auto latest = reading(begin - longest_skip);
    for (auto t = begin - longest_skip + tick; t < end; t += tick) {
        const auto shows = reading(t);
        if (as_shown && matches(f, shows))
            runs.insert(t);
        for (; latest < shows; latest += tick) {
            const auto next = latest + tick;
            const auto at = next == shows ? t : sys_seconds(next.time_since_epoch()) - zone.offset_at(t - tick);
            if (!as_shown && matches(f, next))
                runs.insert(at);
        }
    }
    return {runs.lower_bound(begin), runs.lower_bound(end)};
}

/// A field such as `*`, `3,17-40/5`, drawn by lot.
inline std::string random_field(std::mt19937& lots, int min, int max) {
    const auto lot = [&](int from, int to) { return std::uniform_int_distribution(from, to)(lots); };
    const auto text = [](int n) { return std::to_string(n); };
    switch (lot(0, 6)) {
    case 0:
    case 1: return "*";
    case 2: return "*/" + text(lot(1, max - min));
    case 3: return text(lot(min, max)) + "/" + text(lot(1, max - min));
    case 4: {
        const int from = lot(min, max);
        return text(from) + "-" + text(lot(from, max));
    }
    case 5: {
        const int middle = lot(min, max - 1);
        return text(lot(min, middle)) + "," + text(lot(middle + 1, max));
    }
    default: return text(lot(min, max));
    }
}

/// An expression by lot that has a next run.
inline cron_expression random_expression(std::mt19937& lots, bool with_seconds = false) {
    const auto lot = [&](int to) { return std::uniform_int_distribution(0, to)(lots); };
    for (;;) {
        auto text = with_seconds ? random_field(lots, 0, 59) + " " : std::string();
        text += random_field(lots, 0, 59) + " " + random_field(lots, 0, 23) + " ";
        text += (lot(5) == 0 ? "L" : lot(1) == 0 ? "*" : random_field(lots, 1, 31)) + " ";
        text += (lot(2) > 0 ? "*" : random_field(lots, 1, 12)) + " ";
        const auto weekday = std::to_string(lot(6));
        text += lot(5) == 0   ? weekday + "L"
                : lot(4) == 0 ? weekday + "#" + std::to_string(1 + lot(4))
                : lot(1) == 0 ? "*"
                              : random_field(lots, 0, 6);
        if (auto read = cron_expression::try_parse(text))
            return *std::move(read);
    }
}

} // namespace infra::queue::tests
