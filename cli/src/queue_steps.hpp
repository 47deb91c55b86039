#pragma once

/// What goes over many jobs, as control::retry_all() and its like do it, where a person sees that it goes on.

#include "queue_session.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace infra::cli {

struct many_jobs {
    queue::change_request change{}; ///< with a filter
    std::size_t most = std::numeric_limits<std::size_t>::max();
    std::optional<std::uint64_t> expected{}; ///< how many there are now
};

/// Of a queue's failed jobs those that failed alike: `group` is the id of queue::failure_group.
struct equal_failures {
    queue::job_change what = queue::job_change::retry;
    std::string queue{};
    std::string group{};
};

/// What came of it.
struct steps_done {
    std::size_t changed = 0;
    std::string stopped{}; ///< why not all were looked at; empty: they were
};

/// How many were changed. Takes the time it takes, in steps that the backend bounds.
std::size_t change_in_steps(many_jobs which, const queue_session& with);
steps_done change_in_steps(const equal_failures& which, const queue_session& with);

/// Takes steps, each from the `next` of the one before, and tells after each how many were changed. A step that fails ends it; it throws
/// where nothing was changed before.
steps_done take_steps(const std::function<queue::change_result(std::string)>& step,
                      const std::function<void(std::size_t)>& tell);

} // namespace infra::cli
