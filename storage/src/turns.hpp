#pragma once

/// Where requests wait for their turn, in the order of their coming.
///
///     turn mine(all);                          // one of those at once, or a place in the line
///     co_await mine.come(limit, "put a.txt");
///     …                                        // the request
///     mine.succeeded();                        // leaves at its end

#include "instruments.hpp"
#include "pace.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/runtime/promise.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>

namespace infra::storage {

class turn;

/// Threads:  any member from any.
/// Lifetime: outlives its turns, as the clock does.
class turns {
public:
    turns(std::size_t most, const instruments& told, clock& time) : told_(told), time_(time), pace_(most) {}

    std::size_t in_flight() const;
    std::size_t limit() const;

private:
    friend class turn;
    static constexpr std::size_t max_waiting = 100'000;
    using line = std::list<turn*>;

    void let_in(turn& next);
    void let_in_more();

    const instruments& told_;
    clock& time_;
    mutable std::mutex mutex_;
    pace pace_;                 // guarded by mutex_
    std::size_t in_flight_ = 0; // guarded by mutex_
    line waiting_;              // guarded by mutex_
};

/// Threads:  one coroutine's.
/// Errors:   come() throws storage_error with infra::errc::overloaded where `limit` passes while it waits, or too many wait.
/// Cancel:   come(): all types; whoever is next moves up.
class turn {
public:
    explicit turn(turns& all);
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    awaitable<void> come(deadline limit, std::string for_what);

    void succeeded();
    void throttled();

private:
    friend class turns;
    void stand_in_line(const executor& ex, const std::string& for_what);

    turns& all_;
    bool in_ = false;                              // guarded by all_.mutex_
    std::uint64_t number_ = 0;                     // of the pace; likewise
    std::optional<promise<void>> called_{};        // likewise
    std::optional<turns::line::iterator> place_{}; // likewise; while it waits
};

} // namespace infra::storage
