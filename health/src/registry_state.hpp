#pragma once

// The inside of a registry.
//
//     ask() ── begins or joins ──> run: one slot a check        all slots filled, or the time has come
//                                   │ begin()                        │ settle()
//                                   v                                v
//                  entry.in_flight: a flight ── land() ──> entry.last, slot   report -> everyone seated
//
// Nobody owns a run. It begins in the first caller's hands, the last check to land settles it, and so does, when the time
// has come, the first caller to wake: each waits on its own loop, so that no loop that hangs can make a probe hang.
//
// One mutex guards everything that changes. Checks, log lines and metrics happen outside of it. Loops are posted to under it,
// so that nobody posts to a loop once the destructor of whatever stood for it (registry, seat) has had the mutex.

#include "check_threads.hpp"
#include "outcome.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/health/registry.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace infra::health {

namespace detail {

/// One execution of a check.
struct flight {
    steady_time started;
    steady_time limit;                // its own timeout
    asio::cancellation_signal cancel; // of a coroutine; used on the executor only
};

/// What is known of the checks of a name, whichever of them is registered by now.
struct standing {
    health_status shown = health_status::healthy; // in the last report: a change is logged
    bool removed = false;
};

/// A registered check.
struct entry {
    entry(std::string n, checker c, check_options o);

    const std::string name;
    const checker check;
    const check_options options;
    const telemetry::series status;
    const telemetry::series duration;

    std::shared_ptr<flight> in_flight;
    std::optional<answer> last;
    std::shared_ptr<detail::standing> standing = std::make_shared<detail::standing>();
};

/// One pass over all checks.
struct run {
    struct slot {
        std::shared_ptr<entry> of;
        std::shared_ptr<flight> awaited; // null once there is an outcome
        std::optional<check_report> outcome;
    };

    /// When nothing that is still awaited may be waited for any more; in the past if nothing is.
    steady_time due() const noexcept;

    /// The next moment after `now` at which that may change.
    steady_time next_look(steady_time now) const noexcept;

    steady_time began;
    steady_time deadline;
    std::vector<slot> slots;
    std::unordered_set<const promise<void>*> seated; // to be called when there is a report
    std::optional<health_report> report;             // set once, and the run is settled
};

} // namespace detail

struct registry::state : std::enable_shared_from_this<registry::state> {
    explicit state(registry_options o);

    void add(std::shared_ptr<detail::entry> added);
    bool remove(std::string_view name);
    void close();

    /// What registry::run() is.
    static awaitable<health_report> ask(std::shared_ptr<state> self);

    const registry_options options;
    const steady_time started;
    detail::check_threads threads;

    std::mutex mutex; // guards what follows, entries' and runs' changing parts, and seats
    std::vector<std::shared_ptr<detail::entry>> entries;
    std::shared_ptr<detail::run> current;
    std::unordered_set<std::shared_ptr<detail::flight>> coroutines; // in the air
    bool closed = false;

private:
    class seat;
    struct news;

    std::shared_ptr<detail::run> current_or_new();
    std::optional<steady_time> look(detail::run& r);

    // All of these hold the mutex.
    detail::run::slot begin(const std::shared_ptr<detail::entry>& e, steady_time now);
    bool launch(const std::shared_ptr<detail::entry>& e, const std::shared_ptr<detail::flight>& f);
    void fill(const detail::flight& f, check_report outcome, steady_time now);
    void leave_out(const detail::standing& removed, steady_time now);
    void settle(detail::run& r, steady_time now);
    void cancel(std::vector<std::shared_ptr<detail::flight>> flights) const;
    template <class F>
    void post(F f) const;

    // These do not.
    void fly(const std::shared_ptr<detail::entry>& e, const std::shared_ptr<detail::flight>& f);
    static awaitable<void> fly_coroutine(std::shared_ptr<state> self, std::shared_ptr<detail::entry> e,
                                         std::shared_ptr<detail::flight> f);
    void land(const std::shared_ptr<detail::entry>& e, const std::shared_ptr<detail::flight>& f, check_result result);
};

} // namespace infra::health
