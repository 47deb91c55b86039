#include <infra/base/http_date.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace infra {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A pattern of the form's fixed characters, in which ? is any.
bool has_form(std::string_view text) noexcept {
    constexpr std::string_view form = "???, ?? ??? ???? ??:??:?? GMT";
    return std::ranges::equal(text, form, [](char c, char wanted) { return wanted == '?' || c == wanted; });
}

std::optional<int> number_in(std::string_view text, int most) noexcept {
    int n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole && n >= 0 && n <= most ? std::optional(n) : std::nullopt;
}

std::string digits(std::size_t count, unsigned n) {
    std::string text(count, '0');
    for (; count > 0; n /= 10)
        text[--count] = static_cast<char>('0' + n % 10);
    return text;
}

} // namespace

std::string format_http_date(wall_time t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t) - day);
    std::string text(days[std::chrono::weekday(day).c_encoding()]);
    text.append(", ").append(digits(2, static_cast<unsigned>(date.day())));
    text.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]);
    text.append(" ").append(digits(4, static_cast<unsigned>(static_cast<int>(date.year()))));
    text.append(" ").append(digits(2, static_cast<unsigned>(time.hours().count())));
    text.append(":").append(digits(2, static_cast<unsigned>(time.minutes().count())));
    return text.append(":").append(digits(2, static_cast<unsigned>(time.seconds().count()))).append(" GMT");
}

std::optional<wall_time> parse_http_date(std::string_view text) noexcept {
    if (!has_form(text))
        return std::nullopt;
    const auto month = std::ranges::find(months, text.substr(8, 3));
    const auto day = number_in(text.substr(5, 2), 31), year = number_in(text.substr(12, 4), 9999);
    const auto hour = number_in(text.substr(17, 2), 23), minute = number_in(text.substr(20, 2), 59),
               second = number_in(text.substr(23, 2), 60); // a leap second
    if (month == months.end() || !day || !year || !hour || !minute || !second)
        return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok())
        return std::nullopt;
    return saturating_add(wall_time{}, std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                                           std::chrono::minutes(*minute) + std::chrono::seconds(*second));
}

} // namespace infra
