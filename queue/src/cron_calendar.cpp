#include "cron_calendar.hpp"

#include <bit>

namespace infra::queue {

using namespace std::chrono;
using detail::cron_fields;

namespace {

constexpr int months_to_look_at = 41 * 12;

// --- bits ---

constexpr int none = -1;

constexpr std::uint64_t bits_up_to(int n) {
    if (n < 0)
        return 0;
    return n >= 63 ? ~std::uint64_t{0} : (std::uint64_t{2} << n) - 1;
}

int first_bit(std::uint64_t bits) { return bits == 0 ? none : std::countr_zero(bits); }
int last_bit(std::uint64_t bits) { return bits == 0 ? none : 63 - std::countl_zero(bits); }

int first_bit_from(std::uint64_t bits, int n) { return first_bit(bits & ~bits_up_to(n - 1)); }
int last_bit_up_to(std::uint64_t bits, int n) { return last_bit(bits & bits_up_to(n)); }

// --- within a day ---

constexpr seconds time_of(int hour, int minute, int second) { return hours(hour) + minutes(minute) + seconds(second); }

std::optional<seconds> first_time_from(const cron_fields& f, seconds from) {
    const hh_mm_ss t(from);
    const int h = static_cast<int>(t.hours().count()), m = static_cast<int>(t.minutes().count()),
              s = static_cast<int>(t.seconds().count());
    if (f.hours >> h & 1) {
        if (f.minutes >> m & 1)
            if (const int second = first_bit_from(f.seconds, s); second != none)
                return time_of(h, m, second);
        if (const int minute = first_bit_from(f.minutes, m + 1); minute != none)
            return time_of(h, minute, first_bit(f.seconds));
    }
    if (const int hour = first_bit_from(f.hours, h + 1); hour != none)
        return time_of(hour, first_bit(f.minutes), first_bit(f.seconds));
    return std::nullopt;
}

std::optional<seconds> last_time_up_to(const cron_fields& f, seconds upto) {
    const hh_mm_ss t(upto);
    const int h = static_cast<int>(t.hours().count()), m = static_cast<int>(t.minutes().count()),
              s = static_cast<int>(t.seconds().count());
    if (f.hours >> h & 1) {
        if (f.minutes >> m & 1)
            if (const int second = last_bit_up_to(f.seconds, s); second != none)
                return time_of(h, m, second);
        if (const int minute = last_bit_up_to(f.minutes, m - 1); minute != none)
            return time_of(h, minute, last_bit(f.seconds));
    }
    if (const int hour = last_bit_up_to(f.hours, h - 1); hour != none)
        return time_of(hour, last_bit(f.minutes), last_bit(f.seconds));
    return std::nullopt;
}

// --- days ---

// One bit for each day of a month from bit 1 on, given the weekdays and the weekday of its first.
std::uint64_t on_weekdays(std::uint64_t weekdays, weekday of_the_first) {
    constexpr std::uint64_t each_week = 0x810204081; // a bit every seven
    return (weekdays * each_week >> of_the_first.c_encoding()) << 1;
}

std::optional<local_days> first_day_from(const cron_fields& f, local_days from) {
    const year_month_day start(from);
    auto month = start.year() / start.month();
    auto day = static_cast<int>(static_cast<unsigned>(start.day()));
    for (int i = 0; i < months_to_look_at; ++i, month += months(1), day = 1)
        if (f.months >> static_cast<unsigned>(month.month()) & 1)
            if (const int found = first_bit_from(days_in(f, month), day); found != none)
                return local_days(month / found);
    return std::nullopt;
}

std::optional<local_days> last_day_up_to(const cron_fields& f, local_days upto) {
    const year_month_day start(upto);
    auto month = start.year() / start.month();
    auto day = static_cast<int>(static_cast<unsigned>(start.day()));
    for (int i = 0; i < months_to_look_at; ++i, month -= months(1), day = 31)
        if (f.months >> static_cast<unsigned>(month.month()) & 1)
            if (const int found = last_bit_up_to(days_in(f, month), day); found != none)
                return local_days(month / found);
    return std::nullopt;
}

} // namespace

std::uint64_t days_in(const cron_fields& f, year_month month) noexcept {
    const auto last = static_cast<int>(static_cast<unsigned>((month / std::chrono::last).day()));
    const auto of_month = bits_up_to(last) & ~std::uint64_t{1};
    if (f.any_day && f.any_weekday)
        return of_month;
    const weekday of_the_first{local_days(month / 1)};
    const auto by_day = f.days | (f.last_day ? std::uint64_t{1} << last : 0);
    auto by_weekday = on_weekdays(f.weekdays, of_the_first);
    if (f.nth_weekday > 0)
        by_weekday &= std::uint64_t{0x7f} << (7 * (f.nth_weekday - 1) + 1);
    by_weekday |= on_weekdays(f.last_weekdays, of_the_first) & ~bits_up_to(last - 7);
    const auto matching = f.any_day ? by_weekday : f.any_weekday ? by_day : by_day | by_weekday;
    return matching & of_month;
}

std::optional<local_seconds> first_match(const cron_fields& f, local_seconds from) {
    const auto today = floor<days>(from);
    const year_month_day date(today);
    if (f.months >> static_cast<unsigned>(date.month()) & 1 &&
        days_in(f, date.year() / date.month()) >> static_cast<unsigned>(date.day()) & 1)
        if (const auto time = first_time_from(f, from - today))
            return today + *time;
    if (const auto day = first_day_from(f, today + days(1)))
        return *day + *first_time_from(f, seconds(0));
    return std::nullopt;
}

std::optional<local_seconds> last_match(const cron_fields& f, local_seconds upto) {
    const auto today = floor<days>(upto);
    const year_month_day date(today);
    if (f.months >> static_cast<unsigned>(date.month()) & 1 &&
        days_in(f, date.year() / date.month()) >> static_cast<unsigned>(date.day()) & 1)
        if (const auto time = last_time_up_to(f, upto - today))
            return today + *time;
    if (const auto day = last_day_up_to(f, today - days(1)))
        return *day + *last_time_up_to(f, days(1) - seconds(1));
    return std::nullopt;
}

} // namespace infra::queue
