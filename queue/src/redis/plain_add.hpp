#pragma once

// Jobs as most are, which are added by a short script: the calls of scripts/add_plain.lua, and their answers.

#include "add_jobs.hpp"

#include <infra/queue/backend.hpp>
#include <infra/redis.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

/// Whether they all are such: of one queue, and each waits at the end of its line, without an id, a priority, a parent, a group, a
/// deduplication and a time to live.
bool are_plain(std::span<const job_group* const> groups);

/// Of such, as many as one call takes.
redis::command plain_add_command(std::string_view prefix, std::span<const job_group* const> groups,
                                 const receipt& as = {});

/// Nothing where the queue is paused, or has limits or groups: then nothing was added, and add_command does it.
std::optional<std::vector<group_added>> read_plainly_added(std::span<const job_group* const> groups,
                                                           const redis::reply& answer);

} // namespace infra::queue::redis_backend
