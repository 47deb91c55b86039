#pragma once

// Whether the server evicts what has no time to live. Pure.

#include <string>
#include <string_view>

namespace infra::cache::redis_backend {

/// The policy, of what INFO memory says: `allkeys-lru`. Empty where nothing without an end is ever evicted, or it does not say.
std::string evicts_all_by(std::string_view info);

} // namespace infra::cache::redis_backend
