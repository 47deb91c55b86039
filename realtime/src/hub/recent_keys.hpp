#pragma once

#include <infra/base/time.hpp>

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace infra::realtime::detail {

/// Idempotency keys of the last five minutes; when there are too many, the oldest is forgotten.
///
/// Threads: any.
class recent_keys {
public:
    explicit recent_keys(std::size_t max) noexcept : max_(max) {}

    /// False if the key has been used on this channel.
    bool use(std::string_view channel, std::string_view key, steady_time now);

private:
    struct used {
        std::string name;
        steady_time until;
    };
    void forget_oldest();

    const std::size_t max_;
    std::mutex mutex_;
    std::unordered_set<std::string_view> known_; // guarded by mutex_; views of the names in used_
    std::deque<used> used_;                      // guarded by mutex_; in the order of time
};

} // namespace infra::realtime::detail
