#pragma once

// Registered checks, and one pass over some of them. Which checks take part, and which of them may begin when, is decided
// here; time, threads and locks are the registry's (registry_state.hpp), whose mutex guards whatever changes.

#include "outcome.hpp"
#include "standing.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace infra::health::detail {

/// One execution of a check.
struct flight {
    steady_time started;
    steady_time limit;                // its own timeout
    bool counted = false;             // as a failure, for not having answered
    asio::cancellation_signal cancel; // of a coroutine; used on the executor only
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
    std::shared_ptr<asio::cancellation_signal> pulse; // what asks in the background; used on the executor only
};
using entry_list = std::vector<std::shared_ptr<entry>>;

/// The entry of that name, or the end.
entry_list::const_iterator find(const entry_list& entries, std::string_view name) noexcept;

/// Those of the group, or all if it is empty, and what they depend on, in the order of registration.
entry_list members(const entry_list& entries, std::string_view group);

/// Throws std::invalid_argument if `added`, once among the others, would depend on itself.
void check_dependencies(const entry_list& entries, const entry& added);

/// One pass over some checks.
struct run {
    struct slot {
        std::shared_ptr<entry> of;
        std::vector<std::size_t> after;      // slots of what it depends on
        bool begun = false;                  // asked, or never to be
        std::shared_ptr<flight> awaited;     // null once there is an outcome
        std::optional<check_report> outcome; // null for what was removed meanwhile
    };

    /// A slot for each, none of them begun.
    void seat_checks(const entry_list& members);

    /// Whether everything a slot depends on has come to an end.
    bool may_begin(const slot& s) const noexcept;

    /// What it depends on and is unhealthy, or null.
    const entry* obstacle(const slot& s) const noexcept;

    /// When nothing that is still awaited may be waited for any more; in the past if nothing is.
    steady_time due() const noexcept;

    /// The next moment after `now` at which that may change.
    steady_time next_look(steady_time now) const noexcept;

    std::string group;
    steady_time began;
    steady_time deadline;
    std::vector<slot> slots;
    bool over = false;                               // what has not begun never will
    bool partial = false;                            // not everybody had the time to answer
    std::unordered_set<const promise<void>*> seated; // to be called when there is a report
    std::optional<health_report> report;             // set once, and the run is settled
};

} // namespace infra::health::detail
