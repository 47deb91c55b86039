#pragma once

// Jobs that come from another storage, or go to one: transferable_store's verbs, inside a transaction that the writer has
// begun.

#include "store.hpp"

#include <infra/queue/move.hpp>

namespace infra::queue::sqlite {

std::vector<std::optional<carried_job>> carry(store& s, const std::vector<job_key>& keys);
std::vector<bool> restore(store& s, const std::vector<carried_job>& jobs);
void restore_children(store& s, const job_key& parent, const std::vector<child_info>& children);
void restore_schedules(store& s, const std::vector<schedule_info>& schedules);

} // namespace infra::queue::sqlite
