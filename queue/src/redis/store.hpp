#pragma once

// What all verbs share: the client, the names of keys, and what is bounded.

#include "keys.hpp"

#include <infra/base/clock.hpp>
#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

/// Threads: any member from any thread.
class store {
public:
    store(redis_queue_options options, std::vector<executor> loops, clock& time);

    const redis_queue_options& options() const noexcept { return options_; }
    const redis::client& redis() const noexcept { return client_; }
    clock& time() const noexcept { return time_; }

    queue_keys keys(std::string_view queue) const { return {options_.prefix, queue}; }

    /// The reply of a command that may be sent again; throws what the server says against it, and errc::unavailable where
    /// it is not there.
    awaitable<redis::reply> ask(redis::command c) const;
    awaitable<std::vector<redis::reply>> ask(redis::batch all) const;

    void close() noexcept { closed_ = true; }
    /// Throws infra::errc::closed after close().
    void check_open() const;

private:
    deadline limit() const;

    const redis_queue_options options_;
    clock& time_;
    const redis::client client_;
    std::atomic<bool> closed_{false};
};

/// What a verb throws instead of an error of the Redis room.
[[noreturn]] void throw_as_queue_error(const error& e);

} // namespace infra::queue::redis_backend
