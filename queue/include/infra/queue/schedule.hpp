#pragma once

/// When a job runs again and again, and what becomes of the runs that nobody was there for.
///
///     const schedule s{.pattern = "30 8 * * MON-FRI", .tz = "Europe/Berlin", .missed = missed_runs::skip};
///     auto due = first_run(s, now);                 // kept somewhere
///     …
///     const auto [run, next] = follow(s, *due, runs_so_far, now);   // at `due` or whenever somebody is there again
///     if (run) enqueue(*due);
///     due = next;
///
/// One run is due at a time: so no two processes make it twice, if they change the kept time only from what they read.

#include <infra/base/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace infra::queue {

/// What becomes of runs that were due while no process was there.
enum class missed_runs : std::uint8_t {
    skip, ///< dropped, but for the latest if it is no more than `grace` late
    one,  ///< made up for by one run, that of the first of them; as in BullMQ
    all,  ///< all are made up for, oldest first
};

/// When: by a pattern or by an interval, one of the two.
struct schedule {
    std::string pattern{};              ///< a cron expression, see cron_expression.hpp
    std::string tz{};                   ///< whose clocks the pattern goes by, `Europe/Berlin`; empty: UTC
    std::chrono::milliseconds every{0}; ///< from one run to the next, at least 1 ms
    std::optional<std::chrono::milliseconds>
        offset{};                       ///< of `every`: at so much past its multiples since 1970, less than it;
                                        ///< unset: the first run is at once, and the others count from it
    bool immediately = false;           ///< a first run at once, whatever pattern and offset say
    std::optional<std::size_t> limit{}; ///< so many runs, at least 1
    std::optional<wall_time> start{};   ///< no run before
    std::optional<wall_time> end{};     ///< no run later
    missed_runs missed = missed_runs::one;
    std::chrono::milliseconds grace{std::chrono::minutes(1)}; ///< of `skip`: what is so little late was not missed

    friend bool operator==(const schedule&, const schedule&) = default;
};

/// Throws std::invalid_argument naming what is wrong: `queue::schedule::pattern: minute: '75' is not allowed; …`.
void check(const schedule& s);

/// The time of the first run of a schedule that begins now: not before `now` and `start`, of a pattern later than `now`. Empty
/// if `end` comes first. Throws as check().
std::optional<wall_time> first_run(const schedule& s, wall_time now);

/// The first run of a schedule that was paused, after `last` (empty: it has not run yet) and `runs` in all: later than `now`, so that
/// nothing is made up for. An interval without an offset keeps the distance of its runs, or counts from now. Empty: it is over.
/// Throws as check().
std::optional<wall_time> resumed_run(const schedule& s, std::optional<wall_time> last, std::size_t runs, wall_time now);

/// What follows of a schedule whose next run is due.
struct follow_up {
    bool run = false;                ///< make the run that is due; else it is not yet, or was skipped
    std::optional<wall_time> next{}; ///< when another will be due, maybe in the past already; empty: it was the last

    friend bool operator==(const follow_up&, const follow_up&) = default;
};

/// `due` is what first_run() or the last follow() said, `runs` how many were made before. A clock that went back makes no run
/// early. Throws as check().
follow_up follow(const schedule& s, wall_time due, std::size_t runs, wall_time now);

/// All runs to make now, and the time to come back.
struct due_runs {
    std::vector<wall_time> runs{};
    std::optional<wall_time> next{};

    friend bool operator==(const due_runs&, const due_runs&) = default;
};

/// follow() until nothing is due, or `bound` runs are: then `next` is in the past.
due_runs runs_due(const schedule& s, wall_time due, std::size_t runs, wall_time now, std::size_t bound = 1000);

} // namespace infra::queue
