#pragma once

// Reading a queue's stream behind what one knows.

#include "stream_replies.hpp"
#include "verbs.hpp"

#include <vector>

namespace infra::queue::redis_backend {

/// The first that comes after it.
entry_id next_after(entry_id id) noexcept;

/// The last of a stream, from the answer of this command; before all others where there is none.
redis::command last_entry_command(const queue_keys& of);
entry_id read_last_entry(redis::reply answer);

/// The end of this job, if it is among the entries between the two, the second included.
awaitable<std::optional<job_event>> find_end(shared_store s, job_key job, entry_id after, entry_id to);

} // namespace infra::queue::redis_backend
