#pragma once

/// Where requests wait for their turn, in the order of their coming.
///
///     co_await gate.enter(limit);
///     departure d(gate);              // leaves at the end of the request, however it ends
///     d.said = read_rate(response.headers, time.wall());

#include "rate_limit.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/runtime/promise.hpp>

#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace infra::email::resend {

/// Threads:  any member from any.
/// Errors:   enter() throws send_error with infra::errc::overloaded and a retry_after where `limit` would pass while it waits,
///           or too many wait.
/// Cancel:   enter(): all types; whoever is next moves up.
/// Lifetime: must outlive every enter(), as the clock must.
class turnstile {
public:
    turnstile(rate_limit keeps_to, std::size_t max_waiting, clock& time);

    awaitable<void> enter(deadline limit);
    void leave(const rate_words& said);

private:
    struct waiter {
        std::optional<promise<void>> wake{};
    };
    using line = std::list<waiter>;
    class place;

    void wake_first();

    clock& time_;
    const std::size_t max_waiting_;
    std::mutex mutex_;
    rate_limit rate_; // guarded by mutex_
    line line_;       // likewise
};

class departure {
public:
    explicit departure(turnstile& from) noexcept : from_(from) {}
    ~departure() { from_.leave(said); }
    departure(const departure&) = delete;
    departure& operator=(const departure&) = delete;

    rate_words said{};

private:
    turnstile& from_;
};

} // namespace infra::email::resend
