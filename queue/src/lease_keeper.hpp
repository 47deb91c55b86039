#pragma once

// Renews the leases of a worker, on an executor of its own: a handler that burns CPU on the worker's loop, or a thousand
// of them, must not cost anybody their lease.

#include <infra/base/clock.hpp>
#include <infra/queue/backend.hpp>
#include <infra/runtime/event_loop.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace infra::queue {

/// One that is kept, known by its address.
using kept_lease = std::shared_ptr<const lease>;

/// Threads:  keep(), drop() and look_now() from any thread, the rest from one; `on_…` are called on the renewing executor.
/// Lifetime: cold until start(). Destruction without stop() waits for a renewal that is under way, since that will be
///           answered on a thread that goes with the keeper.
class lease_keeper {
public:
    struct setting {
        std::shared_ptr<backend> stored;
        clock* time;
        std::chrono::milliseconds length; ///< of a lease, from each renewal
        std::optional<executor> where;    ///< unset: a thread made by start()
        std::function<void(const kept_lease&)> on_lost;
        std::function<void(const kept_lease&)> on_cancel_requested = [](const kept_lease&) {}; ///< at each renewal
    };

    explicit lease_keeper(setting s);
    ~lease_keeper();
    lease_keeper(const lease_keeper&) = delete;
    lease_keeper& operator=(const lease_keeper&) = delete;

    void start();

    /// Returns once nothing is renewed any more.
    awaitable<void> stop();

    void keep(std::span<const kept_lease> held);
    void drop(std::span<const kept_lease> held);

    /// Renews at once, and so learns at once what was cancelled.
    void look_now();

private:
    struct state;
    static awaitable<void> renew(std::shared_ptr<state> s);
    static awaitable<void> renew_once(std::shared_ptr<state> s);
    std::optional<executor> where() const;

    std::shared_ptr<state> state_;
    std::unique_ptr<event_loop> loop_;
};

} // namespace infra::queue
