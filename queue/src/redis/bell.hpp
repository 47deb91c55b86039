#pragma once

// How a process that waits for work hears of it: one connection, blocked for the markers of all queues that claims wait for.
// BullMQ's: member 0 says that there may be something, member 1 when the next delayed job is due.

#include "inbox.hpp"

#include <infra/base/time.hpp>
#include <infra/redis.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

class store;
using shared_store = std::shared_ptr<store>;

/// Whoever waits. A marker is gone from the server once it was heard.
class bell_listener {
public:
    virtual ~bell_listener() = default;
    virtual void rang(const shared_store& s, const std::string& queue) = 0;
    virtual void told_of_due(const shared_store& s, const std::string& queue, wall_time at) = 0;
    /// Some may not have been heard, or it is time to look in any case.
    virtual void look(const shared_store& s) = 0;
};

/// Threads:  the store's loop.
/// Lifetime: the store's; while it listens it keeps that.
class bell {
public:
    bell(const home& at, bell_listener& to) : at_(at), to_(to) {}

    /// From now on; none: it goes quiet, if only once it has heard something, or nothing for a while.
    void listen_for(const shared_store& s, std::vector<std::string> queues);

    /// Puts back what was heard and nobody had use for: others may.
    void ring_again(const shared_store& s, std::string_view queue);
    void ring_again_later(const shared_store& s, std::string_view queue, wall_time at);

    void close();

private:
    void start(const shared_store& s);
    void poke_if_deaf_for_some(const shared_store& s);
    awaitable<void> listen(shared_store s);
    awaitable<void> listen_on_a_connection(shared_store s, bool after_a_loss);
    awaitable<void> pause(shared_store s);
    redis::command command_for(const store& s);
    void hear(const shared_store& s, redis::reply popped);
    void send(const shared_store& s, redis::batch what);

    const home& at_;
    bell_listener& to_;
    std::vector<std::string> wanted_;  ///< sorted
    std::vector<std::string> blocked_; ///< that the server was last asked for
    std::string poke_;                 ///< a key of ours among them
    bool poked_ = false;               ///< since then
    bool listens_ = false;
    bool has_begun_ = false; ///< only what has can be cancelled
    bool closed_ = false;
    std::shared_ptr<asio::cancellation_signal> stop_;
};

} // namespace infra::queue::redis_backend
