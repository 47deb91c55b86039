#include "outbox_name.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace infra::email {
namespace {

constexpr std::string_view pattern = "########T######.###Z"; // # is a digit
constexpr std::string_view eml_ending = ".eml";

// 20261123T041819.123Z
std::string time_text(wall_time t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::milliseconds>(t - day));
    char text[40];
    std::snprintf(text, sizeof text, "%04d%02u%02uT%02d%02d%02d.%03dZ", int{date.year()}, unsigned{date.month()},
                  unsigned{date.day()}, static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                  static_cast<int>(time.subseconds().count()));
    return text;
}

bool has_time(std::string_view name) noexcept {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool digit = i < name.size() && name[i] >= '0' && name[i] <= '9';
        if (i >= name.size() || (pattern[i] == '#' ? !digit : name[i] != pattern[i]))
            return false;
    }
    return true;
}

int number(std::string_view name, std::size_t at, std::size_t digits) noexcept {
    int value = 0;
    std::from_chars(name.data() + at, name.data() + at + digits, value);
    return value;
}

} // namespace

std::string outbox_name(wall_time date, std::string_view id) {
    return time_text(date).append("-").append(id).append(eml_ending);
}

std::string id_in_name(std::string_view name) {
    const bool ours = name.size() > pattern.size() + 1 + eml_ending.size() && has_time(name) &&
                      name[pattern.size()] == '-' && name.ends_with(eml_ending);
    return ours ? std::string(name.substr(pattern.size() + 1, name.size() - pattern.size() - 1 - eml_ending.size()))
                : std::string();
}

std::optional<wall_time> time_in_name(std::string_view name) {
    if (!has_time(name))
        return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(number(name, 0, 4)),
                                           std::chrono::month(static_cast<unsigned>(number(name, 4, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(name, 6, 2))));
    const bool fits = date.year() >= std::chrono::year(1678) && date.year() <= std::chrono::year(2261); // nanoseconds
    if (!date.ok() || !fits)
        return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(number(name, 9, 2)) +
           std::chrono::minutes(number(name, 11, 2)) + std::chrono::seconds(number(name, 13, 2)) +
           std::chrono::milliseconds(number(name, 16, 3));
}

} // namespace infra::email
