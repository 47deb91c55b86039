#pragma once

// The live feed of the overview: what was told of late.

#include "board.hpp"

#include <infra/base/clock.hpp>

#include <cstdint>
#include <deque>
#include <mutex>

namespace infra::dashboard {

/// Threads: any.
class feed {
public:
    static constexpr std::size_t most = 500;
    static constexpr std::size_t most_a_second = 100;

    explicit feed(clock& time) noexcept : time_(time) {}

    void tell(news what) noexcept;

    /// What was told behind `since` (0: all there is), oldest first: {"id","at","kind","severity","text","link","trace"}.
    pieces after(std::uint64_t since) const;

    std::uint64_t refused() const; ///< too many in a second

private:
    struct entry {
        std::uint64_t id;
        wall_time at;
        news what;
    };
    static json::object document_of(const entry& e);
    bool has_room(steady_time now) noexcept;

    clock& time_;
    mutable std::mutex mutex_;
    std::deque<entry> entries_; // guarded by mutex_, and so is the rest
    std::uint64_t last_ = 0;
    std::uint64_t refused_ = 0;
    steady_time second_{};
    std::size_t in_second_ = 0;
};

} // namespace infra::dashboard
