#include "diagnoses.hpp"

#include "keys.hpp"

#include <algorithm>
#include <set>

namespace infra::queue {

namespace {

constexpr std::array<std::string_view, ailments> names{
    "orphan_hash",    "orphan_part",    "missing_hash", "two_places",          "active_without_lock",
    "stuck_parent",   "missing_marker", "parked_jobs",  "stale_deduplication", "lost_schedule",
    "mixed_versions", "split_queue",    "wrong_type",   "eviction_policy"};

} // namespace

std::string_view to_string(ailment what) noexcept { return names[static_cast<std::size_t>(what)]; }

bool is_repairable(ailment what) noexcept {
    return what != ailment::lost_schedule && what != ailment::mixed_versions && what != ailment::split_queue &&
           what != ailment::wrong_type && what != ailment::eviction_policy;
}

namespace redis_backend {
namespace {

constexpr std::array<std::string_view, place_kinds> place_words{
    "wait", "paused", "active", "prioritized", "delayed", "waiting-children", "completed", "failed", "parked"};

// A worker that sleeps looks by itself after ten seconds at most.
constexpr std::chrono::seconds late{15};

bool stands_in(const job_facts& job, place where) { return std::ranges::find(job.in, where) != job.in.end(); }

std::string listed(const std::vector<place>& all) {
    std::string text;
    for (const auto each : all)
        text.append(text.empty() ? "" : ", ").append(to_string(each));
    return text;
}

std::string counted(std::size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
}

finding of(const job_facts& job, const std::string& queue, ailment what, std::string detail) {
    return {.what = what, .queue = queue, .id = job.id, .detail = std::move(detail)};
}

std::string why_stuck(const job_facts& job) {
    return job.pending == 0 ? "waits for children, and none is pending"
                            : "waits for " + counted(job.pending, "child", "children") + ", of which " +
                                  std::to_string(job.over) + " completed or gone";
}

bool may_start(const queue_facts& q) {
    const bool has_room = q.concurrency == 0 || q.in(place::active) < q.concurrency;
    return !q.is_paused && has_room && !q.is_limited;
}

std::optional<finding> missing_marker(const queue_facts& q, wall_time now) {
    if (q.markers > 0 || !may_start(q))
        return std::nullopt;
    if (const auto waiting = q.in(place::wait) + q.in(place::prioritized); waiting > 0)
        return finding{
            ailment::missing_marker, q.queue, {}, counted(waiting, "job waits", "jobs wait") + " without a marker"};
    if (q.first_due && saturating_add(*q.first_due, late) < now)
        return finding{ailment::missing_marker,
                       q.queue,
                       {},
                       counted(q.in(place::delayed), "job is", "jobs are") +
                           " delayed, the first of them overdue, without a marker"};
    return std::nullopt;
}

std::optional<finding> misplaced(const queue_facts& q) {
    const auto apart = q.in(place::paused);
    if (apart > 0 && !q.is_paused)
        return finding{ailment::parked_jobs,
                       q.queue,
                       {},
                       counted(apart, "job stands", "jobs stand") + " apart though the queue is not paused"};
    const auto in_line = q.in(place::wait);
    if (q.is_paused && apart > 0 && in_line > 0)
        return finding{ailment::mixed_versions,
                       q.queue,
                       {},
                       "is paused in two ways: should BullMQ 5 resume it, " + counted(in_line, "job", "jobs") +
                           " of wait would be lost; resume it by another version"};
    return std::nullopt;
}

} // namespace

std::string_view to_string(place where) noexcept { return place_words[static_cast<std::size_t>(where)]; }

std::optional<place> place_named(std::string_view word) noexcept {
    const auto found = std::ranges::find(place_words, word);
    return found == place_words.end() ? std::nullopt : std::optional(static_cast<place>(found - place_words.begin()));
}

std::vector<finding> diagnose(const std::string& queue, const job_facts& job) {
    if (job.id.starts_with("0:")) // a marker among ids, as BullMQ before version 5 had them
        return {};
    if (!job.is_job && !job.in.empty())
        return {of(job, queue, ailment::missing_hash, "stands in " + listed(job.in) + ", and there is no such job")};
    if (!job.is_job)
        return job.parts == 0 ? std::vector<finding>()
                              : std::vector{of(job, queue, ailment::orphan_part,
                                               "is gone, and " + counted(job.parts, "key", "keys") + " of it left")};
    if (job.in.empty())
        return {of(job, queue, ailment::orphan_hash, "stands nowhere, and so never runs")};
    std::vector<finding> found;
    if (job.in.size() > 1)
        found.push_back(of(job, queue, ailment::two_places, "stands in " + listed(job.in)));
    else if (stands_in(job, place::active) && !job.is_locked)
        found.push_back(of(job, queue, ailment::active_without_lock, "is active, and no worker holds its lock"));
    else if (stands_in(job, place::waiting_children) && (job.pending == 0 || job.over > 0))
        found.push_back(of(job, queue, ailment::stuck_parent, why_stuck(job)));
    return found;
}

// One that is over does not run again, and one that somebody holds is his; else it stands where it runs from soonest, so that
// it runs at least once.
place place_to_keep(const job_facts& job) {
    if (stands_in(job, place::active) && job.is_locked)
        return place::active;
    if (job.is_finished)
        for (const auto over : {place::completed, place::failed})
            if (stands_in(job, over))
                return over;
    if (job.pending > 0 && stands_in(job, place::waiting_children))
        return place::waiting_children;
    for (const auto soonest :
         {place::wait, place::prioritized, place::paused, place::parked, place::active, place::delayed})
        if (stands_in(job, soonest))
            return soonest;
    return job.in.at(0);
}

std::vector<finding> diagnose(const queue_facts& queue, wall_time now) {
    std::vector<finding> found;
    if (auto one = misplaced(queue))
        found.push_back(std::move(*one));
    if (auto one = missing_marker(queue, now))
        found.push_back(std::move(*one));
    return found;
}

std::optional<finding> diagnose(const std::string& queue, const slot_facts& slot) {
    if (slot.holder.empty() || slot.ends || slot.is_job)
        return std::nullopt;
    return finding{ailment::stale_deduplication, queue, slot.id,
                   "is held by the job " + slot.holder + ", which is gone"};
}

std::optional<finding> diagnose(const std::string& queue, const schedule_facts& schedule, wall_time now) {
    const bool is_over =
        (schedule.limit > 0 && schedule.made >= schedule.limit) || (schedule.end && *schedule.end < now);
    if (!schedule.is_defined || schedule.has_run || is_over)
        return std::nullopt;
    return finding{ailment::lost_schedule, queue, schedule.id, "has no next run: there is no job " + schedule.run};
}

std::vector<finding> diagnose(const std::string& queue, const std::vector<key_facts>& keys) {
    std::vector<finding> found;
    for (const auto& each : keys)
        if (each.type != "none" && each.type != each.expected)
            found.push_back(
                {.what = ailment::wrong_type,
                 .queue = queue,
                 .detail = "its key " + each.name + " is of the type " + each.type + " instead of " + each.expected});
    return found;
}

std::optional<finding> diagnose_slot(const std::string& prefix, const std::string& queue) {
    if (!hash_tag(queue_keys(prefix, queue).base()).empty())
        return std::nullopt;
    return finding{.what = ailment::split_queue,
                   .queue = queue,
                   .detail = "lies in several slots of the cluster, and nobody can work on it; use a prefix such as {" +
                             prefix + "}"};
}

std::vector<finding> diagnose(const std::map<std::string, std::string>& servers) {
    std::vector<finding> found;
    for (const auto& [server, policy] : servers)
        if (policy != "noeviction")
            found.push_back({.what = ailment::eviction_policy,
                             .detail = server + " has maxmemory-policy " + policy + ", and so may forget jobs"});
    return found;
}

} // namespace redis_backend
} // namespace infra::queue
