#pragma once

// Does a server take commands? While it loads its data it is asked now and then, and told nothing else. No I/O, no clock.

#include <infra/base/backoff.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace infra::redis::detail {

///     ready ──refused──> refusing ──ask──> asked ──ready──> ready
///                           ^                │
///                           └─────refused────┘
///
/// An answer need not say that it takes commands: whoever may not ask is told so whatever it does, and a proxy answers by itself. One
/// that refuses soon after it was not ready before either, and is asked the more rarely.
class readiness {
public:
    explicit readiness(backoff between) : between_(between) {}

    bool is_ready() const noexcept { return state_ == state::ready; }
    bool is_asked() const noexcept { return state_ == state::asked; }
    /// It had answered and refused all the same, so that an answer tells nothing.
    bool is_doubtful() const noexcept { return is_doubtful_; }

    /// In these words. It is asked the later the more often it was, as `chance` has it, from 0 to 1. False: that was known.
    bool refused(std::string words, steady_time now, double chance) {
        if (state_ == state::refusing)
            return false;
        const bool is_news = is_ready();
        if (is_news)
            is_doubtful_ = refusals_ > 0 && now < saturating_add(ready_at_, held);
        if (is_news && !is_doubtful_)
            refusals_ = 0;
        words_ = std::move(words);
        state_ = state::refusing;
        ask_at_ = now + delay_before_retry(between_, ++refusals_, chance);
        return is_news;
    }

    /// max() when there is nothing to ask, or it has been asked.
    steady_time ask_at() const noexcept { return state_ == state::refusing ? ask_at_ : steady_time::max(); }
    void ask() noexcept { state_ = state::asked; }

    void ready(steady_time now) noexcept {
        state_ = state::ready;
        ready_at_ = now;
    }

    /// Of another connection nothing is known.
    void begin_anew() noexcept {
        state_ = state::ready;
        refusals_ = 0;
        is_doubtful_ = false;
    }

    const std::string& words() const noexcept { return words_; } ///< the last in which it refused

private:
    enum class state : std::uint8_t { ready, refusing, asked };
    static constexpr auto held = std::chrono::seconds(1);
    backoff between_;
    state state_ = state::ready;
    bool is_doubtful_ = false;
    steady_time ask_at_{};
    steady_time ready_at_{};
    int refusals_ = 0;
    std::string words_;
};

} // namespace infra::redis::detail
