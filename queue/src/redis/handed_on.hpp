#pragma once

// What a job's hash, or a schedule's, says beyond carried_job and carried_schedule, as one text: other storages keep that
// unread, and when the job comes back to Redis, Node finds in it what it wrote: options of its own, stacks of its errors, who ran
// it. What has happened to a job elsewhere meanwhile holds before what is written there.

#include "fields.hpp"
#include "parent_link.hpp"
#include "schedule_changes.hpp"

#include <infra/queue/move.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

/// Empty where hash_of would write all of `fields` anyway.
std::string handed_on_of(const carried_job& job, const hash_fields& fields, std::string_view prefix);

/// `made`: the job's hash as its members have it; `link`: its parent, if that is known.
hash_fields with_handed_on(hash_fields made, const carried_job& job, const std::optional<parent_link>& link);

/// `run_opts`: of the job that is the pending run; empty: there is none.
std::string handed_on_of(const stored_scheduler& schedule, const hash_fields& hash, std::string_view run_opts);
void take_handed_on(schedule_change& into, const carried_schedule& schedule);

} // namespace infra::queue::redis_backend
