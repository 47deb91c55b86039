#pragma once

// How fast channels speak, and which of them have lost messages of late: from what is counted since they exist.

#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>
#include <infra/realtime/hub.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::dashboard {

struct channel_pace {
    std::optional<double> per_second{}; ///< messages; empty until it was looked at twice
    std::uint64_t dropped_lately = 0;   ///< within drops_concern of the last one that was
    std::optional<wall_time> dropping_since{};
};

struct channel_drops {
    std::string name{};
    std::uint64_t dropped = 0;
    wall_time since{};
};

/// Threads: any.
class channel_watch {
public:
    static constexpr std::size_t most = 10'000; ///< channels that are remembered; others have no pace
    static constexpr std::chrono::seconds window{10};
    static constexpr std::chrono::minutes drops_concern{5};

    channel_pace look(const realtime::channel_info& c, steady_time now, wall_time at);

    /// Those that lose messages, the worst first.
    std::vector<channel_drops> dropping(steady_time now) const;

private:
    struct sample {
        steady_time at{};
        std::uint64_t published = 0;
    };
    struct seen {
        sample before{}, last{};
        std::uint64_t dropped = 0;      // as it stood
        std::uint64_t dropped_then = 0; // before the present run of drops began
        std::optional<steady_time> dropped_at{};
        wall_time since{};
    };
    seen* found_or_made(const realtime::channel_info& c, steady_time now);
    static void note_drops(seen& s, std::uint64_t dropped, steady_time now, wall_time at);
    static bool drops(const seen& s, steady_time now) noexcept {
        return s.dropped_at && now - *s.dropped_at <= drops_concern;
    }

    mutable std::mutex mutex_;
    std::map<std::string, seen, std::less<>> channels_; // guarded by mutex_
};

} // namespace infra::dashboard
