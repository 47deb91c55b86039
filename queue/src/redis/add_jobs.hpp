#pragma once

// Jobs that are added to one queue: the call of scripts/add_jobs.lua, and its answer.

#include "keys.hpp"

#include <infra/queue/backend.hpp>
#include <infra/redis.hpp>

#include <vector>

namespace infra::queue::redis_backend {

/// Of jobs without parents and children, all of this queue.
redis::command add_command(const queue_keys& to, const std::vector<new_job>& jobs);

std::vector<added_job> read_added(redis::reply answer);

} // namespace infra::queue::redis_backend
