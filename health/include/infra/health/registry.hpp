#pragma once

/// The checks of one service, and the way to ask them all.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/health/check.hpp>
#include <infra/health/report.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace infra::health {

struct registry_options {
    /// A report is ready by then, with the checks that have answered. More than zero. Kubernetes gives up a probe after
    /// 1 s unless told otherwise; what is longer than the prober's patience turns slow checks into no answer at all.
    std::chrono::milliseconds deadline{800};

    /// Threads for plain checks, 1 to 1024; they start when needed. Fewer than there are plain checks, and checks wait
    /// for each other; and a check that never returns keeps its thread.
    std::size_t max_threads = 64;

    /// Where coroutine checks run, one thread at a time; empty: a loop of the default runtime.
    infra::executor executor{};

    clock* time = &real_clock(); ///< outlives the registry
};

/// Where a service is in its life. Readiness is a state before it is a matter of checks: it has to end while everything still
/// works, so that balancers look elsewhere before the listener closes.
enum class service_state { starting, serving, stopping };

/// A check is shown with another status than before.
struct status_change {
    std::string check; ///< empty: the service as a whole, the worst of its checks
    health_status was = health_status::healthy;
    health_status is = health_status::healthy;
    std::string message{}; ///< of the check
};

/// Named checks that are run together.
///
/// A run starts every check at once, those that depend on others when these have answered, and is over when all have answered,
/// failed or overrun their timeouts, at the latest at the deadline. Whoever asks during a run gets that run's report; runs of
/// several groups share the checks that are in more than one. A check that is still busy from an earlier run is waited for,
/// and once past its timeout only reported.
///
/// Plain checks have threads of this registry rather than the blocking pool's: one that blocks for ever must take neither a
/// thread from the rest of the service nor, since the pool's end waits for its threads, the end from the process.
///
/// Threads:  any member from any thread; run() from any executor.
/// Errors:   run() throws errc::closed once the registry is gone, and nothing a check does. A check that cannot even be
///           started is unhealthy. Bad options are std::invalid_argument naming the field.
/// Cancel:   a cancelled run() leaves at once; the run goes on for whoever else waits.
/// Lifetime: the destructor does not wait: callers of run() get errc::closed, coroutine checks terminal cancellation, and
///           a plain check that runs ends unheard, its thread left behind if it never does. The clock and the executor's
///           loop outlive the registry and the coroutines it has on them. The loop a caller waits on may go at any time.
class registry {
public:
    explicit registry(registry_options options = {});
    ~registry();
    registry(const registry&) = delete;
    registry& operator=(const registry&) = delete;

    /// Registers under a name of 1 to 128 bytes of UTF-8 without control characters. A name that is taken keeps its place and gets the new check; the
    /// old one, should it be running, still answers the run it was started for. std::invalid_argument also for a check
    /// that would depend on itself.
    void add(std::string name, checker check, check_options options = {});

    /// False if there is no such check. One that is running is left out of the report; a coroutine gets terminal
    /// cancellation, a plain function ends unheard.
    bool remove(std::string_view name);

    /// How the service is, by the deadline at the latest: by all checks, or by those of a group and what they depend on. In
    /// the group "ready" a service that is not serving is unhealthy, in "start" one that is starting, whatever the checks
    /// say; they are then not asked. A group without checks is healthy.
    [[nodiscard]] awaitable<health_report> run(std::string group = {}) const;

    /// Whether a report of the group means anything: "live", "ready", "start", and whatever a check was put into.
    bool has_group(std::string_view group) const;

    /// Counts for the next answer on, also for runs that have begun. A registry serves from its beginning.
    void set_state(service_state state);

    /// Called with every change, one after the other on the executor; what it throws is logged. For the registry's life.
    void on_change(std::function<void(const status_change&)> listener);

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::health
