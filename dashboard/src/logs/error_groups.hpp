#pragma once

// What goes wrong, once each: errors whose signatures (infra::error_signature) are equal are one group. And how many lines of each level there were in each
// minute. Costs the thread that writes the log some nanoseconds a line, and a look-up an error.

#include <infra/base/context.hpp>
#include <infra/base/time.hpp>
#include <infra/logging/record_sink.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace infra::dashboard {

/// Numbers by minute, of the last hour.
class by_minute {
public:
    static constexpr std::size_t minutes = 60;

    void add(wall_time at, std::uint64_t amount = 1) noexcept;
    std::uint64_t sum(wall_time now, std::size_t of_minutes) const noexcept; ///< with the minute that runs

    /// One a minute, the oldest first, the one that runs last.
    std::vector<std::uint64_t> each(wall_time now, std::size_t of_minutes) const;

private:
    std::array<std::uint64_t, minutes> counts_{};
    std::int64_t newest_ = 0; // minutes since 1970
};

struct error_group {
    std::string module{};
    std::string text{}; ///< of its latest line: the message, and the field `error`
    trace_id trace{};   ///< likewise; none if it had none
    std::size_t count = 0;
    wall_time first{};
    wall_time last{};
};

/// Threads: any member from any thread.
class error_groups {
public:
    static constexpr std::size_t most = 200; ///< groups; the one that was quiet for longest goes

    void note(std::span<const logging::record_view> lines) noexcept;

    /// Of the last `window`, the most frequent first.
    std::vector<error_group> within(wall_time now, std::size_t minutes) const;

    /// Lines of this level.
    std::uint64_t count(level l, wall_time now, std::size_t minutes) const;
    std::vector<std::uint64_t> each_minute(level l, wall_time now, std::size_t minutes) const;

private:
    struct kept {
        error_group group;
        by_minute counts;
    };
    void note_error(const logging::record_view& line);

    mutable std::mutex mutex_;
    std::map<std::string, kept, std::less<>> groups_; // by signature; all guarded by mutex_
    std::array<by_minute, 4> levels_;
};

} // namespace infra::dashboard
