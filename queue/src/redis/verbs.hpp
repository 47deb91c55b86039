#pragma once

// The verbs of the seam on a store, one file each or a few that belong together.

#include "store.hpp"

namespace infra::queue::redis_backend {

using shared_store = std::shared_ptr<store>;

awaitable<std::vector<added_job>> enqueue(shared_store s, std::vector<new_job> jobs);
awaitable<claim_result> claim(shared_store s, claim_request request);
awaitable<void> leave(shared_store s, std::string worker);
awaitable<std::vector<renewal>> extend(shared_store s, std::vector<lease> leases, std::chrono::milliseconds length,
                                       wall_time now);
awaitable<std::vector<bool>> finish(shared_store s, std::vector<outcome> outcomes);
awaitable<std::vector<std::optional<job_info>>> get(shared_store s, std::vector<job_key> keys);
awaitable<std::vector<queue_counts>> counts(shared_store s, std::vector<std::string> queues);
awaitable<std::size_t> prune(shared_store s, std::vector<prune_request> requests);

awaitable<queue_settings> configure(shared_store s, settings_change change);
awaitable<queue_settings> settings(shared_store s, std::string queue);
awaitable<bool> forget_queue(shared_store s, std::string queue);
awaitable<job_page> list(shared_store s, list_request request);
awaitable<change_result> change(shared_store s, change_request request);
awaitable<std::vector<bool>> tell(shared_store s, std::vector<note> notes);
awaitable<std::vector<log_line>> logs(shared_store s, job_key job);
awaitable<events_page> events(shared_store s, events_request request);
awaitable<std::vector<minute_counts>> history(shared_store s, std::string queue, wall_time from, wall_time to);
awaitable<std::vector<worker_info>> workers(shared_store s, std::vector<std::string> queues);
awaitable<std::vector<std::optional<wall_time>>> waiting_since(shared_store s, std::vector<std::string> queues,
                                                               wall_time now);
awaitable<std::optional<job_info>> wait_for_end(shared_store s, job_key job);

awaitable<void> upsert(shared_store s, std::vector<new_schedule> schedules);
awaitable<std::vector<bool>> remove_schedules(shared_store s, std::vector<schedule_key> keys);
awaitable<std::vector<bool>> pause_schedules(shared_store s, std::vector<schedule_key> keys, wall_time now);
awaitable<std::vector<bool>> resume_schedules(shared_store s, std::vector<resume_request> requests);
awaitable<std::vector<schedule_info>> schedules(shared_store s, std::optional<std::string> queue);
awaitable<std::vector<bool>> advance(shared_store s, std::vector<advance_request> requests);

awaitable<children_page> children(shared_store s, children_request request);

awaitable<void> stop(shared_store s, deadline limit);

} // namespace infra::queue::redis_backend
