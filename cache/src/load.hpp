#pragma once

// One load of get_or_set: under a lease of the store, so that what is loaded undoes nothing that was written meanwhile.

#include "core.hpp"

namespace infra::cache::detail {

/// One call of get_or_set.
struct request {
    std::string key{};
    std::string place{}; ///< of the key in the store, before the loader: a flush while it runs makes void what it gives
    load_options options{};
    bool takes_none = false;
    load_function load{};
    bool behind = false; ///< nobody waits for it in line
};

/// How long a loader may run, and how long anybody waits for one.
std::chrono::milliseconds longest_wait(const load_options& options) noexcept;

/// What get_or_set gives of a value that was found, counted.
std::optional<payload> served(const core& in, const found_value& found);

/// What may be served instead of a load, as it is now: what `seen` was may have been made void since. `seen` itself where the
/// store does not answer.
awaitable<std::optional<found_value>> stand_in(shared_core in, request r, std::optional<found_value> seen);

/// Loads, stores, tells the others; or serves what came meanwhile. `seen` is what the caller found. Until `limit` another
/// process may be waited for. Where nobody is told anything, `mine` hands the lead on.
awaitable<std::optional<payload>> lead(shared_core in, request r, std::optional<found_value> seen, flights::seat mine,
                                       deadline limit);

/// lead() that nobody waits for, on `ex`. False where as many run as may, or the cache was stopped.
bool lead_behind(const shared_core& in, const executor& ex, request r, flights::seat mine);

} // namespace infra::cache::detail
