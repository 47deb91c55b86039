#pragma once

// Jobs that come from another storage, or go to one: transferable_store's verbs.

#include "fields.hpp"
#include "verbs.hpp"

#include <infra/queue/move.hpp>

namespace infra::queue::redis_backend {

awaitable<std::vector<std::optional<carried_job>>> carry(shared_store s, std::vector<job_key> keys);
awaitable<std::vector<bool>> restore(shared_store s, std::vector<carried_job> jobs);
awaitable<void> restore_children(shared_store s, job_key parent, std::vector<child_info> children);
std::string refusal_of(const store& s, const carried_job& job);
awaitable<std::vector<carried_schedule>> carry_schedules(shared_store s, std::string queue);
awaitable<void> restore_schedules(shared_store s, std::vector<carried_schedule> schedules);
awaitable<void> settle(shared_store s, std::string queue);
awaitable<std::uint64_t> pass_numbers(shared_store s, std::string queue, std::uint64_t last);
awaitable<std::string> mark_moving(shared_store s, move_mark asked);

/// Of a job as it is, whatever became of it by then.
hash_fields hash_of(const carried_job& job, std::string_view prefix);

} // namespace infra::queue::redis_backend
