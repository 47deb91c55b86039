#pragma once

// Reads that leave copies.

#include "line.hpp"
#include "near_cache.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache::redis_backend {

/// One for each key; none without a near-cache. To be taken before the server is asked.
std::vector<near_cache::ticket> tickets_for(near_cache* near, const std::vector<std::string>& keys);

/// The values that are here, and the others from the server, with the time they have left: so old their copies may become.
/// Where the server does not answer, or is not to be asked, old copies in their place, as far as they may stand in.
awaitable<std::vector<std::optional<std::string>>>
read_through(std::shared_ptr<line> to, std::shared_ptr<near_cache> near, std::vector<std::string> keys, bool ask);

/// Versions that were seen last, since the server does not answer; one that no value was stored with where none was.
std::vector<std::uint64_t> seen_last(slots& of, near_cache* near, const std::vector<std::string>& names);

/// A copy that may be old by now: past its ttl, so that it is served only by who serves old values. Nothing where it is bare,
/// and so would pass for fresh, or cannot be read, or is over.
std::optional<std::string> demoted(std::string_view copy, std::int64_t now_ms);

} // namespace infra::cache::redis_backend
