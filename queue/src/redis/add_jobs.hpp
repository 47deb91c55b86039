#pragma once

// Jobs that are added: the calls of scripts/add_jobs.lua and scripts/add_families.lua, and their answers.
//
// A group is what one caller adds, all or none of it, in any queues of one slot. Several go in one call, as long as they are
// small; a large one is laid down piece by piece, where nobody looks and after a while nothing is left of it, and then added
// by one call of its own.

#include "job_words.hpp"
#include "receipts.hpp"

#include <infra/queue/backend.hpp>
#include <infra/redis.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

/// Jobs, and bytes of them, that one call adds at most.
inline constexpr std::size_t most_jobs_of_call = 1000;
inline constexpr std::size_t most_bytes_of_call = 8 * 1024 * 1024;

/// Of its texts, about.
std::size_t size_of(const job_group& group) noexcept;
bool fits_one_call(const job_group& group) noexcept;

struct group_added {
    std::vector<added_job> added{};
    std::optional<error> refused{}; ///< then nothing was
};

/// The groups are such as check_families lets pass.
redis::command add_command(std::string_view prefix, std::span<const job_group* const> groups, const receipt& as = {});
std::vector<group_added> read_added(std::span<const job_group* const> groups, redis::reply answer);

/// So long what was laid down may lie there without being added.
inline constexpr std::chrono::minutes laid_down_for{5};

struct laid_down_group {
    std::vector<redis::batch> pieces{}; ///< transactions, which may be repeated
    redis::command add;
};
/// `token` names the group, and no other.
laid_down_group lay_down(std::string_view prefix, const job_group& group, std::string_view token,
                         const receipt& as = {});

} // namespace infra::queue::redis_backend
