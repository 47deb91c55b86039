#pragma once

#include <infra/base/time.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace infra::realtime::detail {

/// Idempotency keys of the last five minutes, or as long as is said; when there are too many, the oldest is forgotten.
///
/// Threads: any.
class recent_keys {
public:
    explicit recent_keys(std::size_t max, std::chrono::seconds remembered = std::chrono::minutes(5)) noexcept
        : max_(max), remembered_(remembered) {}

    /// False if the key has been used on this channel.
    bool use(std::string_view channel, std::string_view key, steady_time now);
    /// It was not published after all.
    void give_back(std::string_view channel, std::string_view key);

private:
    struct used {
        std::string name;
        steady_time until;
    };
    void forget(std::list<used>::iterator which);

    const std::size_t max_;
    const std::chrono::seconds remembered_;
    std::mutex mutex_;
    std::list<used> used_;                                                    // guarded by mutex_; in the order of time
    std::unordered_map<std::string_view, std::list<used>::iterator> by_name_; // guarded by mutex_; of names in used_
};

} // namespace infra::realtime::detail
