#pragma once

// The end of a load: what is stored of it, and whether it came too late.

#include "ground.hpp"

#include <exception>
#include <optional>

namespace infra::cache::detail {

struct load_outcome {
    std::optional<payload> made{};
    std::exception_ptr failure{};
    bool cancelled = false; ///< we, not the loader by itself
};

/// What is to be stored of it: the value, the memory that there is none, the old value once more, or nothing.
std::optional<new_entry> entry_after(const core& in, const request& r, const ground& on, const load_outcome& out);

/// Ends the lease, with what is to be stored if there is any. False if somebody wrote meanwhile: what was loaded is older.
awaitable<bool> settle(shared_core in, ground on, std::optional<new_entry> entry);

/// The old value, where there is one that may be served; otherwise throws why it could not be loaded.
std::optional<payload> fall_back(const core& in, const request& r, const std::optional<found_value>& old,
                                 const std::exception_ptr& failure);

} // namespace infra::cache::detail
