#pragma once

// How much goes to the server in one batch.

#include <infra/base/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace infra::realtime::over_redis {

/// A batch that takes longer than a PING may is taken for a broken link, and would be so again at the same size. So each is about as
/// large as the link and the server take at ease, found as TCP finds its window: twice as large after a quick one, up to half of what last
/// failed, and from there on by small steps; half as large after a slow one, a quarter after one that failed.
class pace {
public:
    constexpr pace(std::size_t first, std::size_t most) noexcept : most_(most), now_(first), safe_(most) {}

    constexpr std::size_t at_once() const noexcept { return now_; }

    constexpr void went_in(std::chrono::nanoseconds time) noexcept {
        if (time > slow)
            now_ = part(2);
        else if (time < quick)
            now_ = std::min(most_,
                            now_ < safe_ ? std::min(now_ * 2, safe_) : now_ + std::max<std::size_t>(most_ / 128, 1));
    }
    constexpr void failed() noexcept {
        safe_ = part(2);
        now_ = part(4);
    }

private:
    static constexpr std::chrono::milliseconds quick{125}, slow{500};

    constexpr std::size_t part(std::size_t of) const noexcept { return std::max<std::size_t>(now_ / of, 1); }

    std::size_t most_;
    std::size_t now_;
    std::size_t safe_;
};

} // namespace infra::realtime::over_redis
