#pragma once

/// Wall time and elapsed time, kept apart, and arithmetic that cannot overflow.
///
///     auto d = infra::deadline::after(5s);
///     while (!d.passed(clock.steady())) …
///
/// `wall_time` is what people and databases read and may jump; `steady_time` measures and never goes back. Neither
/// converts into the other.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace infra {

using wall_time = std::chrono::sys_time<std::chrono::nanoseconds>;
using steady_time = std::chrono::steady_clock::time_point;

/// `t + d`, or the end of the clock it would have passed. The end itself absorbs: "never" stays never.
template <class Clock, class Duration, class Rep, class Period>
constexpr std::chrono::time_point<Clock, Duration> saturating_add(std::chrono::time_point<Clock, Duration> t,
                                                                  std::chrono::duration<Rep, Period> d) noexcept {
    using point = std::chrono::time_point<Clock, Duration>;
    using wide = std::chrono::duration<long double, typename Duration::period>;
    if (t == point::max() || t == point::min())
        return t;
    // Doubles decide only whether the sum fits; close to the ends they round towards the end, never past it.
    const auto sum = wide(t.time_since_epoch()) + wide(d);
    if (sum >= wide(Duration::max()))
        return point::max();
    if (sum <= wide(Duration::min()))
        return point::min();
    return t + std::chrono::duration_cast<Duration>(d);
}

/// `d` in nanoseconds, or the longest (most negative) there is.
template <class Rep, class Period>
constexpr std::chrono::nanoseconds saturating_nanoseconds(std::chrono::duration<Rep, Period> d) noexcept {
    return saturating_add(wall_time{}, d).time_since_epoch();
}

/// `a - b`, or the largest (smallest) duration when it does not fit.
template <class Clock, class Duration>
constexpr Duration saturating_sub(std::chrono::time_point<Clock, Duration> a,
                                  std::chrono::time_point<Clock, Duration> b) noexcept {
    typename Duration::rep difference{};
    if (__builtin_sub_overflow(a.time_since_epoch().count(), b.time_since_epoch().count(), &difference))
        return a > b ? Duration::max() : Duration::min();
    return Duration(difference);
}

/// A point of elapsed time by which something must be done. It composes down a call chain as a duration cannot.
class deadline {
public:
    constexpr deadline() noexcept = default; ///< never
    constexpr deadline(steady_time t) noexcept : time_(t) {}

    static constexpr deadline never() noexcept { return {}; }

    /// `d` from now; a zero or negative `d` has passed already, a huge one is never.
    template <class Rep, class Period> // a template, since milliseconds::max() does not fit into nanoseconds
    static deadline after(std::chrono::duration<Rep, Period> d,
                          steady_time now = std::chrono::steady_clock::now()) noexcept {
        return saturating_add(now, d);
    }

    constexpr steady_time time() const noexcept { return time_; }
    constexpr bool is_never() const noexcept { return time_ == steady_time::max(); }
    constexpr bool passed(steady_time now) const noexcept { return now >= time_ && !is_never(); }

    /// What is left, at least zero; `duration::max()` when never.
    constexpr std::chrono::nanoseconds remaining(steady_time now) const noexcept {
        if (is_never())
            return std::chrono::nanoseconds::max();
        return std::max(saturating_sub(time_, now), steady_time::duration::zero());
    }

    friend constexpr deadline earlier(deadline a, deadline b) noexcept { return a.time_ < b.time_ ? a : b; }
    friend constexpr bool operator==(deadline, deadline) noexcept = default;

private:
    steady_time time_ = steady_time::max();
};

/// Milliseconds since 1970, the form in which times are stored. Rounds down.
constexpr std::int64_t to_unix_ms(wall_time t) noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}

/// The reverse; what no wall_time can hold becomes its first or last instant.
constexpr wall_time from_unix_ms(std::int64_t ms) noexcept {
    return saturating_add(wall_time{}, std::chrono::milliseconds(ms));
}

/// `2026-01-01T00:00:00.000Z`: RFC 3339 in UTC with milliseconds, rounded down. Any wall_time has a year of four digits.
constexpr std::array<char, 24> format_rfc3339(wall_time t) noexcept {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const auto ms = static_cast<unsigned>((std::chrono::floor<std::chrono::milliseconds>(t) - day).count());
    std::array<char, 24> text{};
    const auto put = [&text](std::size_t at, std::size_t digits, unsigned number) {
        for (; digits > 0; number /= 10)
            text[at + --digits] = static_cast<char>('0' + number % 10);
    };
    put(0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, ms / 3'600'000);
    put(14, 2, ms / 60'000 % 60);
    put(17, 2, ms / 1000 % 60);
    put(20, 3, ms % 1000);
    text[4] = text[7] = '-';
    text[10] = 'T';
    text[13] = text[16] = ':';
    text[19] = '.';
    text[23] = 'Z';
    return text;
}

} // namespace infra
