#pragma once

/// What clocks show in a place: the offset from UTC, and when it changes.
///
///     const auto berlin = infra::queue::time_zone::named("Europe/Berlin");
///     berlin.offset_at(now);                       // 1h, in summer 2h
///     infra::queue::to_rfc3339(now, berlin);       // 2026-03-29T03:30:00+02:00

#include <infra/base/time.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

/// A time zone, by default UTC. Cheap to copy.
///
/// Threads:  an immutable value; `named` from any thread.
/// Errors:   a name that is not known throws infra::error with infra::errc::invalid_input.
/// Lifetime: none to heed.
class time_zone {
public:
    /// From `begin` on clocks are `offset` ahead of UTC (behind it, if negative), until the next period begins.
    struct period {
        std::chrono::sys_seconds begin{};
        std::chrono::seconds offset{};
    };

    time_zone() noexcept = default; ///< UTC

    /// By its name in the IANA database, `Europe/Berlin`, as the machine's /usr/share/zoneinfo (or $TZDIR) has it; UTC is
    /// known without. Read once in the life of the process, whatever happens to the files later.
    static time_zone named(std::string_view name);

    /// One that is in no database. The periods are in order; before the first its offset holds, and of none at all it is
    /// UTC. Throws std::invalid_argument where they are not, or where an offset is a day or more.
    static time_zone of_periods(std::string name, std::vector<period> periods);

    const std::string& name() const noexcept;

    std::chrono::seconds offset_at(wall_time t) const noexcept;

    /// All periods, at least one; the first begins before any wall_time, and the last outlasts it.
    std::span<const period> periods() const noexcept;

    /// Two of one name are the same.
    friend bool operator==(const time_zone& a, const time_zone& b) noexcept { return a.name() == b.name(); }

private:
    struct facts;
    explicit time_zone(std::shared_ptr<const facts> known) noexcept : facts_(std::move(known)) {}

    std::shared_ptr<const facts> facts_; // null: UTC
};

/// The place of the period that holds at `t`.
std::size_t period_at(std::span<const time_zone::period> periods, std::chrono::sys_seconds t) noexcept;

/// `2026-03-29T03:30:00+02:00`; where clocks show UTC, with a `Z`. Rounds down to seconds.
std::string to_rfc3339(wall_time t, const time_zone& zone = {});

} // namespace infra::queue
