#pragma once

// How a connection comes about, while the server may move.

#include "connector.hpp"

#include <infra/base/awaitable.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <optional>

namespace infra::redis::detail {

/// One connection at a time: an attempt begins anew when the server moves meanwhile, and a pause before the next ends.
///
/// Threads:  one executor's; what it awaits lives no longer than it does.
/// Errors:   as connector.
/// Cancel:   terminal, at once.
class opening {
public:
    opening(executor ex, executor io, connector& through, std::optional<address> at)
        : executor_(std::move(ex)), io_executor_(std::move(io)), through_(through), at_(std::move(at)) {}

    awaitable<opened> open(deadline limit);
    awaitable<void> pause(std::chrono::nanoseconds time);

    /// The old one may stand still, and not say so.
    void server_has_moved();

    /// Nothing begins anew.
    void close() noexcept { closed_ = true; }

private:
    awaitable<opened> attempt(deadline limit);

    const executor executor_;
    const executor io_executor_; // for sockets
    connector& through_;
    const std::optional<address> at_;
    asio::cancellation_signal stop_; // the attempt, or the pause
    bool moved_ = false;             // since either began
    bool closed_ = false;
};

} // namespace infra::redis::detail
