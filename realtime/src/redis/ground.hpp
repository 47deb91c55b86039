#pragma once

// What all parts of the broker stand on.

#include "instruments.hpp"
#include "names.hpp"

#include <infra/base/clock.hpp>
#include <infra/realtime/redis.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace infra::realtime::over_redis {

/// How long the server keeps a channel's place after its last message, so that a quiet channel does not begin anew.
inline constexpr std::chrono::hours place_kept{24};
inline constexpr std::chrono::minutes idempotency_kept{5};
inline constexpr std::chrono::hours disconnections_kept{1};
/// For one batch on the way to the server and back.
inline constexpr std::chrono::seconds patience{2};
/// For whoever asks or is to be told; none waits longer.
inline constexpr std::chrono::seconds for_an_answer{5};
inline constexpr std::chrono::milliseconds between_attempts{200};

/// Threads: as each member says.
struct ground {
    ground(redis_broker_options o, clock& t);

    const redis_broker_options options;
    const redis::options server;
    const names called;
    const std::string node; ///< of this process and hub: nobody else's
    clock& time;
    const instruments count;

    std::atomic<bool> up{false};
    std::atomic<bool> stopping{false};

    // Constant once run() has begun.
    std::vector<channel_rule> rules{};
    broker_listener* to = nullptr;
    bool sharded = false;
    std::string say = "PUBLISH";
    std::function<void(const std::string& why)> lost_link{}; ///< on the loop

    /// Any thread. Null before run() and after its end.
    std::shared_ptr<redis::client> redis() const;
    void set_redis(std::shared_ptr<redis::client> made);

    const history_options& history_of(std::string_view channel) const { return options_for(rules, channel).history; }
    deadline soon() const { return deadline::after(patience, time.steady()); }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<redis::client> redis_; // guarded by mutex_
};

std::string fresh_epoch();

/// Stopped, or cancelled: no reason to try again.
bool is_the_end(const boost::system::error_code& code);

} // namespace infra::realtime::over_redis
