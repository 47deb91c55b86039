#include <infra/http_client/retry_after.hpp>

#include <infra/base/http_date.hpp>

#include <algorithm>
#include <charconv>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

std::optional<int> number(std::string_view text) noexcept {
    int n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    return problem == std::errc{} && end == text.data() + text.size() && n >= 0 ? std::optional(n) : std::nullopt;
}

} // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, wall_time now) noexcept {
    constexpr std::chrono::milliseconds longest = 1h;
    if (const auto seconds = number(value))
        return std::min(longest, std::chrono::milliseconds(std::chrono::seconds(*seconds)));
    if (const auto date = parse_http_date(value))
        return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(saturating_sub(*date, now)),
                          std::chrono::milliseconds(0), longest);
    return std::nullopt;
}

} // namespace infra::http
