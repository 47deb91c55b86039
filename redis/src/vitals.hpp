#pragma once

// Is a connection alive? What is decided of it by the clock, without I/O.

#include <infra/base/time.hpp>

#include <chrono>

namespace infra::redis::detail {

struct vital_limits {
    std::chrono::milliseconds ping_every{5000};
    std::chrono::milliseconds response_timeout{5000};
};

class vitals {
public:
    enum class verdict : std::uint8_t { well, ask, dead };

    vitals(vital_limits limits, steady_time now) noexcept : limits_(limits), heard_(now), wrote_(now) {}

    void heard(steady_time now) noexcept { heard_ = now; }
    void wrote(steady_time now) noexcept { wrote_ = now; }

    /// From now on an answer is owed, or something is to be written, and was not before: only from here on silence
    /// means something.
    void began_to_owe(steady_time now) noexcept { heard_ = std::max(heard_, now); }
    void began_to_write(steady_time now) noexcept { wrote_ = std::max(wrote_, now); }

    /// `owes`: the server an answer to what it has in full. `writing`: it is to take bytes that it has not; a PING would
    /// only queue behind them.
    verdict judge(steady_time now, bool owes, bool writing) const noexcept {
        if ((owes && now >= heard_ + limits_.response_timeout) || (writing && now >= wrote_ + limits_.response_timeout))
            return verdict::dead;
        return !owes && !writing && now >= heard_ + limits_.ping_every ? verdict::ask : verdict::well;
    }

    /// When to judge again.
    steady_time next(bool owes, bool writing) const noexcept {
        const auto by_writing = wrote_ + limits_.response_timeout;
        if (owes)
            return writing ? std::min(heard_ + limits_.response_timeout, by_writing)
                           : heard_ + limits_.response_timeout;
        return writing ? by_writing : heard_ + limits_.ping_every;
    }

private:
    vital_limits limits_;
    steady_time heard_;
    steady_time wrote_;
};

} // namespace infra::redis::detail
