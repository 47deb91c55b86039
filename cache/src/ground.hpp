#pragma once

// What a load stands on: the lease of the store, and what lies there under it.

#include "load.hpp"

#include <exception>
#include <string>

namespace infra::cache::detail {

/// What a load stands on.
struct ground {
    enum class kind {
        leased,
        refused,    ///< another process loads
        unreachable ///< the store does not answer: what is loaded goes to the callers alone
    } is = kind::unreachable;
    lease_request lease{};
    bool lease_ends = false;           ///< unless it is extended
    std::optional<std::string> seen{}; ///< the bytes that lay there
    std::optional<found_value> old{};
    /// As they were before the loader: one that is made void while it runs makes void what it gives.
    std::vector<tag_version> tags{};
};

/// Whether what was found makes the load needless.
bool makes_needless(const core& in, const request& r, const std::optional<found_value>& found);

/// While another process loads: asks again until `limit`, since what that stores may do. Where the store does not answer,
/// without a lease, on what the caller has `seen`.
awaitable<ground> take_ground_or_do_without(shared_core in, request r, lease_request lease,
                                            std::optional<found_value> seen, deadline limit);

/// Of a store that fails; a cancellation is the caller's, and is thrown on.
std::string why_it_failed(const std::exception_ptr& failure);

} // namespace infra::cache::detail
