#pragma once

/// Once a day, what nobody completes and what crashes left in a `file:` store goes.

#include <infra/base/clock.hpp>
#include <infra/runtime/loop_gate.hpp>
#include <infra/storage.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <mutex>
#include <optional>

namespace infra::app {

/// Threads:  stop() from any.
/// Errors:   what a sweep throws is logged; the next day is another try.
/// Lifetime: run() keeps what it needs.
class storage_sweep {
public:
    storage_sweep(storage::storage of, std::chrono::milliseconds age, clock& time = real_clock());

    /// Until stop(); once.
    awaitable<void> run() const;
    void stop() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::app
