#pragma once

/// Time as a thing that is handed in, so that tests own it.
///
///     awaitable<void> poll(clock& time) {
///         while (!done()) co_await time.sleep_for(200ms);
///     }
///
///     infra::manual_clock time;                 // in a test
///     co_spawn(loop, poll(time), detached);
///     time.advance(200ms);                      // poll goes round once

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>

#include <memory>

namespace infra {

/// Where time comes from.
///
/// Threads:  any member from any thread.
/// Errors:   none but cancellation.
/// Cancel:   a sleep ends early with system_error(asio::error::operation_aborted); all cancellation types.
/// Lifetime: the clock must outlive the sleeps it was asked for.
class clock {
public:
    virtual ~clock() = default;

    /// For people and storage; may jump.
    virtual wall_time wall() const noexcept = 0;

    /// For measuring and waiting; never goes back.
    virtual steady_time steady() const noexcept = 0;

    /// Returns at or after `when`; at once if it has passed. `steady_time::max()` waits for cancellation.
    virtual awaitable<void> sleep_until(steady_time when) = 0;

    template <class Rep, class Period>
    awaitable<void> sleep_for(std::chrono::duration<Rep, Period> d) {
        return sleep_until(saturating_add(steady(), d));
    }
};

/// The machine's own clocks.
clock& real_clock() noexcept;

/// A clock that stands still until told. Starts at 2026-01-01T00:00:00Z; wall and elapsed time advance together, and
/// `set_wall` makes the wall jump alone, as an administrator would.
class manual_clock final : public clock {
public:
    manual_clock();
    ~manual_clock() override;
    manual_clock(const manual_clock&) = delete;
    manual_clock& operator=(const manual_clock&) = delete;

    wall_time wall() const noexcept override;
    steady_time steady() const noexcept override;
    awaitable<void> sleep_until(steady_time when) override;

    /// Moves time on and wakes, in order of their time, the sleepers it passed. They resume on their own executors.
    template <class Rep, class Period>
    void advance(std::chrono::duration<Rep, Period> d) {
        advance_by(saturating_nanoseconds(d));
    }

    void set_wall(wall_time t);

    /// How many wait now. A test that must advance only once somebody sleeps runs its loop until this says so.
    std::size_t sleepers() const;

private:
    void advance_by(std::chrono::nanoseconds d);

    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra
