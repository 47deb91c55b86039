#include "number_text.hpp"

#include "line_buffer.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace infra::logging {
namespace {

constexpr double beyond_whole_numbers = 0x1p53; // from here on a double does not count every one

bool is_whole(double n) noexcept {
    return std::fabs(n) < beyond_whole_numbers && static_cast<double>(static_cast<std::int64_t>(n)) == n;
}

constexpr std::int64_t million = 1'000'000;

// `parts` of a million, without the zeros at the end.
char* put_fraction(char* to, std::int64_t parts) noexcept {
    *to++ = '.';
    for (; parts > 0; parts = parts * 10 % million)
        *to++ = static_cast<char>('0' + parts * 10 / million);
    return to;
}

// A decimal of up to 15 digits that reads back as the number is the only one of so few, and thus the shortest, which
// to_chars() finds in five times the time. Milliseconds are such down to the nanosecond. Null if there is none, or if an
// exponent would be shorter.
char* put_short_decimal(char* to, double n) noexcept {
    const double magnitude = std::fabs(n);
    if (magnitude < 0.001 || magnitude >= 1e9)
        return nullptr;
    const auto millionths = static_cast<std::int64_t>(magnitude * million + 0.5);
    if (static_cast<double>(millionths) / million != magnitude)
        return nullptr;
    if (n < 0)
        *to++ = '-';
    return put_fraction(put_number(to, millionths / million), millionths % million);
}

} // namespace

char* put_number(char* to, std::int64_t n) noexcept { return std::to_chars(to, to + longest_number, n).ptr; }
char* put_number(char* to, std::uint64_t n) noexcept { return std::to_chars(to, to + longest_number, n).ptr; }

char* put_number(char* to, double n) noexcept {
    if (!std::isfinite(n))
        return put_bytes(to, "null", 4);
    if (is_whole(n))
        return put_number(to, static_cast<std::int64_t>(n));
    char* const end = put_short_decimal(to, n);
    return end ? end : std::to_chars(to, to + longest_number, n).ptr;
}

} // namespace infra::logging
