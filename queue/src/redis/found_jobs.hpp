#pragma once

// What the scripts that read jobs answer (scripts/lib/reading.lua).

#include <infra/queue/options.hpp>
#include <infra/redis.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

/// The state of those that stand under BullMQ's name for it: wait, paused, prioritized, delayed, active …
job_state state_at(std::string_view place) noexcept;

/// Nothing of nothing.
std::optional<job_info> read_found(const std::string& queue, redis::reply found);

} // namespace infra::queue::redis_backend
