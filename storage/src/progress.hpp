#pragma once

/// How far something has come, told to whoever wants to know: at most ten times a second, and once at the end.

#include <infra/base/clock.hpp>
#include <infra/storage/options.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace infra::storage {

/// Threads: one at a time.
class progress_teller {
public:
    progress_teller(progress_function to, std::optional<std::uint64_t> total, clock& time)
        : to_(std::move(to)), time_(time), now_{.total = total}, next_(time.steady() + pause) {}

    void moved(std::uint64_t bytes) {
        now_.done += bytes;
        if (to_ && time_.steady() >= next_)
            tell();
    }

    void ended() {
        now_.total = now_.done;
        if (to_)
            tell();
    }

private:
    static constexpr auto pause = std::chrono::milliseconds(100);

    void tell() {
        next_ = time_.steady() + pause;
        to_(now_);
    }

    const progress_function to_;
    clock& time_;
    progress now_;
    steady_time next_;
};

} // namespace infra::storage
