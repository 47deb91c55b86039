#pragma once

// Versions of namespaces and tags: from the server, and what of its answer this process may believe and keep.

#include "line.hpp"
#include "near_cache.hpp"
#include "slots.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace infra::cache::redis_backend {

struct version_sources {
    std::shared_ptr<line> server;
    std::shared_ptr<slots> held;
    std::shared_ptr<near_cache> near; ///< null without
};

/// What was seen last where the server does not answer.
awaitable<std::vector<std::uint64_t>> read_versions(version_sources from, std::vector<std::string> names);

/// Those that are missing are given one before.
awaitable<std::vector<std::uint64_t>> read_versions_to_store(version_sources from, std::vector<std::string> names);

} // namespace infra::cache::redis_backend
