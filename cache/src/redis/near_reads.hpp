#pragma once

// Reads that leave copies.

#include "line.hpp"
#include "near_cache.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::cache::redis_backend {

/// One for each key; none without a near-cache. To be taken before the server is asked.
std::vector<near_cache::ticket> tickets_for(near_cache* near, const std::vector<std::string>& keys);

/// The values that are here, and the others from the server, with the time they have left: so old their copies may become.
awaitable<std::vector<std::optional<std::string>>>
read_through(std::shared_ptr<line> to, std::shared_ptr<near_cache> near, std::vector<std::string> keys);

} // namespace infra::cache::redis_backend
