#pragma once

// Work that goes on while the service does.

#include <infra/base/clock.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace infra::dashboard {

/// Threads:  stop() from any.
/// Errors:   what the work throws is logged, and it is begun again 10 s later.
/// Lifetime: run() keeps what it needs.
class background {
public:
    background(std::string name, std::function<awaitable<void>()> work, clock& time);

    /// Until stop(); once.
    awaitable<void> run() const;
    void stop() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::dashboard
