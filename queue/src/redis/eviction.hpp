#pragma once

// Whether the server may forget jobs when its memory is full. Said once, since nothing else would.

#include <infra/base/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

class store;

/// The policy in what INFO answers, unless it is `noeviction` or not told.
std::string evicting_policy_in(std::string_view info);

/// Asks each server, as far as it tells.
awaitable<void> warn_of_eviction(std::shared_ptr<store> s);

} // namespace infra::queue::redis_backend
