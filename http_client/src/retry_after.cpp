#include <infra/http_client/retry_after.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

std::optional<int> number(std::string_view text) noexcept {
    int n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    return problem == std::errc{} && end == text.data() + text.size() && n >= 0 ? std::optional(n) : std::nullopt;
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that senders may use (RFC 9110, 5.6.7).
std::optional<wall_time> http_date(std::string_view text) noexcept {
    static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || text.substr(25) != " GMT" || text[19] != ':' || text[22] != ':')
        return std::nullopt;
    const auto month = std::ranges::find(months, text.substr(8, 3));
    const auto day = number(text.substr(5, 2)), year = number(text.substr(12, 4));
    const auto hour = number(text.substr(17, 2)), minute = number(text.substr(20, 2)),
               second = number(text.substr(23, 2));
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

} // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, wall_time now) noexcept {
    constexpr std::chrono::milliseconds longest = 1h;
    if (const auto seconds = number(value))
        return std::min(longest, std::chrono::milliseconds(std::chrono::seconds(*seconds)));
    if (const auto date = http_date(value))
        return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(saturating_sub(*date, now)),
                          std::chrono::milliseconds(0), longest);
    return std::nullopt;
}

} // namespace infra::http
