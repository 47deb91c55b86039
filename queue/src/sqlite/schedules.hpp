#pragma once

// Stored schedules: what the other verbs need of them.

#include "look.hpp"

namespace infra::queue::sqlite {

/// Whether a job is the run that its schedule waits for.
bool is_pending_run(store& s, const job_row& job);

bool has_schedules(store& s, const ledger::row& queue);

} // namespace infra::queue::sqlite
