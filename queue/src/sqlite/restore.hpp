#pragma once

// Jobs that come from another storage, or go to one: transferable_store's verbs, inside a transaction that the writer has
// begun.

#include "store.hpp"

#include <infra/queue/move.hpp>

namespace infra::queue::sqlite {

std::vector<std::optional<carried_job>> carry(store& s, const std::vector<job_key>& keys);
std::vector<bool> restore(store& s, const std::vector<carried_job>& jobs);
void restore_children(store& s, const job_key& parent, const std::vector<child_info>& children);
std::vector<carried_schedule> carry_schedules(store& s, const std::string& queue);
void restore_schedules(store& s, const std::vector<carried_schedule>& schedules);
std::uint64_t pass_numbers(store& s, std::uint64_t last);
std::string mark(store& s, const move_mark& asked);

} // namespace infra::queue::sqlite
