#pragma once

// The seam's verbs on an open file, each in a file of its name, inside a transaction that the writer has begun.

#include "jobs.hpp"

#include <infra/queue/backend.hpp>

#include <utility>
#include <vector>

namespace infra::queue::sqlite {

std::vector<added_job> enqueue(store& s, const std::vector<new_job>& jobs);
claim_result claim(store& s, const claim_request& request);
claim_result claim_again(store& s, const claim_request& request); ///< of what came since
bool may_claim(store& s, const claim_request& request);           ///< looks whether something did
void leave(store& s, const std::string& worker);
std::vector<renewal> extend(store& s, const std::vector<lease>& leases, wall_time until);
std::vector<bool> finish(store& s, const std::vector<outcome>& outcomes);
std::vector<std::optional<job_info>> get(store& s, const std::vector<job_key>& keys);
std::vector<queue_counts> counts(store& s, const std::vector<std::string>& queues);
std::size_t prune(store& s, const std::vector<prune_request>& requests);

// --- operations ---

queue_settings configure(store& s, const settings_change& change);
bool settle_groups(store& s, const std::string& queue); ///< after configure, until it is true
queue_settings settings(store& s, const std::string& queue);
/// Empty: there is more to forget than one call does.
std::optional<bool> forget_queue(store& s, const std::string& queue);
job_page list(store& s, const list_request& request);
change_result change(store& s, const change_request& request);
std::vector<bool> tell(store& s, const std::vector<note>& notes);
std::vector<log_line> logs(store& s, const job_key& job);
events_page events(store& s, const events_request& request);
bool has_events(store& s, const events_request& request); ///< that `request` did not see
std::vector<worker_info> workers(store& s, const std::vector<std::string>& queues);
std::vector<std::optional<wall_time>> waiting_since(store& s, const std::vector<std::string>& queues, wall_time now);
std::vector<minute_counts> history(store& s, const std::string& queue, wall_time from, wall_time to);

children_page children(store& s, const children_request& request);

// --- schedules ---

void upsert(store& s, const std::vector<new_schedule>& schedules);
std::vector<bool> remove_schedules(store& s, const std::vector<schedule_key>& keys);
std::vector<bool> pause_schedules(store& s, const std::vector<schedule_key>& keys, wall_time now);
std::vector<bool> resume_schedules(store& s, const std::vector<resume_request>& requests);
std::vector<schedule_info> schedules(store& s, const std::optional<std::string>& queue);
std::vector<bool> advance(store& s, const std::vector<advance_request>& requests);

} // namespace infra::queue::sqlite
