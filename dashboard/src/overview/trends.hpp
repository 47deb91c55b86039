#pragma once

// How the overview's numbers were of late, for the small curves under them.

#include "../board.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>

namespace infra::dashboard {

/// A value every 15 s, for an hour.
///
/// Threads: any.
class trends {
public:
    static constexpr std::chrono::seconds between{15};
    static constexpr std::size_t most_points = 240;
    static constexpr std::size_t most_figures = 32;
    static constexpr std::size_t most_shown = 60;

    void add(const std::vector<figure>& all);

    /// The last so many seconds, oldest first, as at most 60 points of which each is the last of its part; null where nothing was known.
    json::array of(const std::string& name, std::chrono::seconds back) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::deque<std::optional<double>>> points_; // guarded by mutex_
};

} // namespace infra::dashboard
