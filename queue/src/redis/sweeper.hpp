#pragma once

// Jobs whose workers vanished without our hearing of it, as when Node's had them: every process that claims looks for them now
// and then, and the server lets one of all processes do it each time.

#include <infra/base/time.hpp>
#include <infra/queue/options.hpp>
#include <infra/redis.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

/// When it is time, and for which queues.
class sweeper {
public:
    void claimed_from(const std::vector<std::string>& queues, int max_stalls);

    /// True once each interval, from the first claim on.
    bool is_due(steady_time now, std::chrono::milliseconds interval);

    /// All that were claimed from since the last time.
    std::vector<std::string> take_queues();
    int max_stalls() const noexcept { return max_stalls_; }

private:
    static constexpr std::size_t most_queues = 1000; // of a call; those left out have their turn later

    std::set<std::string> queues_;
    int max_stalls_ = 1;
    steady_time next_ = steady_time::min();
};

struct sweep_request {
    std::vector<std::string> queues{};
    wall_time now{};
    std::chrono::milliseconds interval{30'000}; ///< nobody else sweeps for so long
    int max_stalls = 1;
};
/// The call of scripts/sweep_stalled.lua, and its answer: those that wait again.
redis::command sweep_command(std::string_view prefix, const sweep_request& request);
std::vector<job_key> read_swept(const sweep_request& of, const redis::reply& answer);

} // namespace infra::queue::redis_backend
