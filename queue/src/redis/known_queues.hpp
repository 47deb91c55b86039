#pragma once

// Which queues there are. Those that C++ has touched stand in a set of ours, `bull~queues`; those that only Node made are
// found by their `meta`, for which all keys are looked at, now and then.

#include <infra/base/time.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

class store;
using queue_names = std::set<std::string, std::less<>>;

/// What of it a process remembers.
///
/// Threads:  any member from any thread.
class known_queues {
public:
    /// Those of them that this process has not yet put into the set.
    std::vector<std::string> not_noted(const std::vector<std::string>& queues) const;
    void noted(const std::vector<std::string>& queues);
    void forget(std::string_view queue);

    /// Whether additions to it are worth a plain call, until one finds that its settings have more to see to.
    bool takes_plain(std::string_view queue, steady_time now) const;
    void takes_more(const std::string& queue, steady_time now);

    /// What the last look at all keys found; empty when it is time for another.
    std::optional<queue_names> found(steady_time now) const;
    /// `took`: a look that takes long comes again less often.
    void found(queue_names queues, steady_time now, steady_time::duration took);

private:
    mutable std::mutex mutex_;
    queue_names noted_;                                           // guarded by mutex_
    std::map<std::string, steady_time, std::less<>> plain_again_; // guarded by mutex_
    queue_names found_;                                           // guarded by mutex_
    std::optional<steady_time> look_again_;                       // guarded by mutex_
};

/// The queue that a key belongs to, if it is the settings of one under this prefix: `bull:mail:meta`.
std::optional<std::string> queue_of_settings(std::string_view prefix, std::string_view key);

/// As MATCH has it: what begins with these words, however they are spelt.
std::string pattern_of(std::string_view literally);

} // namespace infra::queue::redis_backend
