#pragma once

// Redis where it is not one server alone that anybody may read: one of each kind for all tests of a process, since it takes
// seconds until sentinels or the nodes of a cluster know each other.

#include <infra/redis/options.hpp>

#include <string>

namespace infra::queue::redis_backend::tests {

struct place {
    redis::options to{};
    std::string prefix = "bull";
};

/// With nothing in it.
place encrypted();
place behind_sentinels();
place in_a_cluster();

} // namespace infra::queue::redis_backend::tests
