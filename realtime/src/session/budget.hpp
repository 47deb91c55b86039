#pragma once

#include <infra/base/time.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace infra::realtime::detail {

/// `per_second` on average, and `burst` at once.
struct rate {
    double per_second = 1;
    double burst = 1;
};

/// A token bucket in one number, the time at which it is full again.
class budget {
public:
    /// Takes one, if there is one.
    bool spend(steady_time now, rate limit) noexcept;
    bool is_full(steady_time now) const noexcept { return full_at_ <= ticks(now); }

private:
    using nanoseconds = std::int64_t;
    static nanoseconds ticks(steady_time t) noexcept { return t.time_since_epoch().count(); }

    nanoseconds full_at_ = std::numeric_limits<nanoseconds>::min();
};

/// One bucket for each user who has said something lately.
///
/// Threads: any.
class user_budgets {
public:
    bool spend(std::string_view user, steady_time now, rate limit);
    std::size_t size() const;

private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>()(s); }
    };
    struct shard {
        mutable std::mutex mutex;
        std::unordered_map<std::string, budget, hash, std::equal_to<>> of; // guarded by mutex
        std::size_t sweep_at = 64;                                         // guarded by mutex
    };
    std::array<shard, 16> shards_;
};

} // namespace infra::realtime::detail
