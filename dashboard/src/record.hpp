#pragma once

// The record of actions: who did what, where and how it ended. In a ring here, as a line of the log, and counted.

#include "board.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/telemetry.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace infra::dashboard {

struct done {
    wall_time at{};
    acting by{};
    std::string what{};   ///< "retry jobs"
    std::string method{}; ///< "POST"
    std::string path{};   ///< below the API
    int status = 0;
    std::chrono::nanoseconds took{};
    std::string trace{};
};

/// "done" below 400, "refused" below 500, otherwise "failed".
std::string_view outcome_of(int status) noexcept;

json::object document_of(const done& d);

/// Threads: any.
class record {
public:
    explicit record(std::size_t most) noexcept : most_(most) {}

    void add(done d);

    /// The newest first, behind `before` (0: from the newest on), at most `limit`; `next` is for the rest, 0 if there is none.
    pieces before(std::uint64_t before, std::size_t limit) const;
    reach how_far() const;

private:
    struct entry {
        std::uint64_t id;
        done what;
    };
    void count(const std::string& what, std::string_view outcome);

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::deque<entry> entries_; // guarded by mutex_, and so is the rest
    std::uint64_t last_ = 0;
    std::map<std::pair<std::string, std::string_view>, telemetry::series> counted_;
};

} // namespace infra::dashboard
