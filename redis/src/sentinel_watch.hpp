#pragma once

// Hears from a sentinel that another server is the master now, before its silence tells.

#include "subscriber.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace infra::redis::detail {

/// Only for speed: who misses the message asks the sentinels when the connection is lost, or when the server says that
/// it is a replica.
///
/// Threads:  any.
class sentinel_watch : public std::enable_shared_from_this<sentinel_watch> {
public:
    sentinel_watch(const std::shared_ptr<lane>& on, const options& o, clock& time);

    /// From the first call on; `moved` is called on the lane's loop, with where to and, if it is known, by whom it was told.
    void begin(std::function<void(const address&, const address*)> moved);
    bool begun() const noexcept { return begun_.load(std::memory_order_relaxed); }
    void close() noexcept;

private:
    awaitable<void> watch();
    awaitable<void> listen();
    void hear(const message& m) const;

    const std::weak_ptr<lane> lane_;
    const std::string master_;
    const std::shared_ptr<common> common_;
    const std::shared_ptr<subscriber> subscriber_;
    std::function<void(const address&, const address*)> moved_;
    std::atomic<bool> begun_{false};
    asio::cancellation_signal stop_; // on the lane's loop only
};

} // namespace infra::redis::detail
