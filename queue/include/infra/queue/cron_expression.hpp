#pragma once

/// When a cron expression runs.
///
///     const auto when = infra::queue::cron_expression::parse("30 8 * * MON-FRI");
///     when.next(now, infra::queue::time_zone::named("Europe/Berlin"));   // the next 8:30 of a working day there
///
/// Five fields, or six with seconds in front; spaces or tabs between them:
///
/// | field        | values                   | besides `*`, `?` (the same), `1-5`, `*/15`, `5/15`, `10-40/10`, `1,15`        |
/// |--------------|--------------------------|-------------------------------------------------------------------------------|
/// | second       | 0-59; absent: 0          |                                                                               |
/// | minute       | 0-59                     |                                                                               |
/// | hour         | 0-23                     |                                                                               |
/// | day of month | 1-31                     | `L`, the last day of the month                                                |
/// | month        | 1-12 or JAN-DEC          |                                                                               |
/// | day of week  | 0-7 or SUN-SAT; 0 and 7: | `FRI#2`, the second Friday of the month (alone in its field);                 |
/// |              | Sunday                   | `5L`, the last Friday                                                         |
///
/// or one of @yearly @annually @monthly @weekly @daily @midnight @hourly @minutely @secondly @weekdays @weekends. Where
/// neither day field is `*`, either suffices: `0 0 13 * FRI` runs on every Friday and on every 13th. `5/15` goes from 5 up.
///
/// This is the dialect of npm's cron-parser 5, which BullMQ schedules with, less what it accepts and nobody means: whatever is
/// accepted here runs there too, at the same times (README.md names the few it gets wrong). Refused are `W`, `L-3`, years,
/// ranges that run backwards (`22-2`; write `22-23,0-2`), values that are there twice, steps longer than the field, and
/// dates that never come (`0 0 30 2 *`).
///
/// When clocks change:
///
/// - An expression that runs in every hour (`*/15 * * * *`) goes by what clocks show: in the hour that is skipped it does
///   not run, in the one that comes twice it does both times. So it keeps its distance in real time.
/// - Any other runs once for each of its times, read with the offset from before the change. One that is skipped is late by
///   what was skipped (2:30 runs at 3:30), one that comes twice runs the first time. No run is lost, none doubled.

#include <infra/base/time.hpp>
#include <infra/queue/time_zone.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::queue {

/// What is wrong with an expression, and where.
struct cron_failure {
    std::string field{};   ///< `minute` …, or `expression` where it is about the whole
    std::string problem{}; ///< `'75' is not allowed; allowed are 0 to 59 and …`
};

/// `minute: '75' is not allowed; …`
std::string to_string(const cron_failure& f);

[[noreturn]] void throw_exception_from_error(const cron_failure& why, const boost::source_location& where);

namespace detail {

/// The values that match, as bits.
struct cron_fields {
    std::uint64_t seconds = 0;
    std::uint64_t minutes = 0;
    std::uint64_t hours = 0;
    std::uint64_t days = 0;          ///< of the month, from bit 1
    std::uint64_t months = 0;        ///< from bit 1
    std::uint64_t weekdays = 0;      ///< bit 0 is Sunday
    std::uint64_t last_weekdays = 0; ///< only the last one of the month
    unsigned nth_weekday = 0;        ///< 0: any; 2: only the second of the month
    bool last_day = false;
    bool any_day = false;     ///< the field is `*`
    bool any_weekday = false; ///< the field is `*`

    friend bool operator==(const cron_fields&, const cron_fields&) = default;
};

} // namespace detail

/// A parsed expression.
///
/// Threads:  an immutable value.
/// Errors:   parse throws infra::error with infra::errc::invalid_input, naming the field, what stands there and what may;
///           try_parse gives the same as a value. Nothing else throws.
class cron_expression {
public:
    static cron_expression parse(std::string_view text);

    static boost::system::result<cron_expression, cron_failure> try_parse(std::string_view text);

    /// The first time later than `after`, a whole second. Empty only where no later wall_time matches (they end in 2262).
    /// Looks at no more than 41 years of months: 40 to 300 ns, and 6 µs for the rarest, leap days of one weekday around a
    /// hundredth year.
    std::optional<wall_time> next(wall_time after, const time_zone& zone = {}) const;

    /// The last time earlier than `before`.
    std::optional<wall_time> previous(wall_time before, const time_zone& zone = {}) const;

    /// As it was written, but in capitals, with single spaces, and an @word as its fields.
    const std::string& text() const noexcept { return text_; }

    /// They match the same times, however they are written.
    friend bool operator==(const cron_expression& a, const cron_expression& b) noexcept {
        return a.fields_ == b.fields_;
    }

private:
    cron_expression(std::string text, const detail::cron_fields& fields) : text_(std::move(text)), fields_(fields) {}

    std::string text_;
    detail::cron_fields fields_;
};

} // namespace infra::queue
