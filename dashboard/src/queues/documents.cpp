#include "documents.hpp"

#include "../masking.hpp"
#include "../texts.hpp"

#include <infra/queue/upcoming.hpp>

#include <algorithm>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_of_listed_reason = 300; // in a list
constexpr std::size_t most_of_preview = 160;
constexpr std::size_t most_of_error = 16 * 1024;
constexpr std::size_t runs_shown = 5;
constexpr std::chrono::minutes little_late{1};

json::value rate_document(const queue::rate_limit& r) {
    if (r.max == 0)
        return nullptr;
    return {{"max", r.max}, {"duration_ms", r.duration.count()}};
}

json::value key_of(const std::optional<queue::job_key>& key) {
    if (!key)
        return nullptr;
    return {{"queue", key->queue}, {"id", key->id}};
}

json::array errors_of(const queue::job_info& job) {
    json::array all;
    for (const auto& each : job.errors)
        all.push_back({{"attempt", each.attempt}, {"at", ms_of(each.at)}, {"reason", cut(each.reason, most_of_error)}});
    return all;
}

// What is cut away need not be looked at; a secret that is cut in half is masked all the same.
std::string preview_of(std::string_view data) {
    return cut(masked(data.substr(0, 4 * most_of_preview)), most_of_preview);
}

// Of which schedule it is a run.
json::value schedule_of(const queue::job_id& id) {
    const auto run = queue::run_of(id);
    if (!run)
        return nullptr;
    return {{"name", run->first}, {"at", ms_of(run->second)}};
}

json::array minutes_of(const std::vector<queue::minute_counts>& minutes) {
    json::array all;
    for (const auto& each : minutes)
        all.push_back({{"minute", ms_of(each.minute)}, {"completed", each.completed}, {"failed", each.failed}});
    return all;
}

std::string in_zone(wall_time t, const std::string& tz) {
    try {
        return to_rfc3339(t, tz.empty() ? queue::time_zone() : queue::time_zone::named(tz));
    } catch (const error&) {
        return queue::to_rfc3339(t); // of a zone that this machine does not know
    }
}

} // namespace

json::value ms_of(std::optional<wall_time> t) { return t ? json::value(to_unix_ms(*t)) : json::value(); }

json::value document_of(const queue_seen& q, wall_time now, std::chrono::milliseconds oldest_limit) {
    const auto age = waited(q, now);
    return {{"name", q.counts.queue},
            {"waiting", q.counts.waiting},
            {"delayed", q.counts.delayed},
            {"active", q.counts.active},
            {"completed", q.counts.completed},
            {"failed", q.counts.failed},
            {"waiting_children", q.counts.waiting_children},
            {"groups", q.counts.groups},
            {"paused", q.counts.paused},
            {"oldest", ms_of(q.oldest)},
            {"oldest_limit_ms", oldest_limit.count()},
            {"too_old", !q.counts.paused && age > oldest_limit},
            {"workers", q.workers},
            {"unattended", q.workers == 0 && q.counts.waiting > 0 && !q.counts.paused},
            {"per_minute", rate_of(q)},
            {"minutes", minutes_of(q.minutes)}};
}

json::value document_of(const queues_seen& all, std::chrono::milliseconds oldest_limit) {
    json::array items;
    for (const auto& each : all.queues)
        items.push_back(document_of(each, all.at, oldest_limit));
    return {{"items", std::move(items)}, {"next", nullptr}, {"left_out", all.left_out}};
}

json::value document_of(const queue::queue_settings& s) {
    return {{"paused", s.paused},
            {"concurrency", s.concurrency},
            {"rate", rate_document(s.rate)},
            {"max_length", s.max_length},
            {"group_concurrency", s.per_group.concurrency},
            {"group_rate", rate_document(s.per_group.rate)}};
}

json::value document_of(const queue::failure_groups& all) {
    json::array items;
    for (const auto& each : all.groups)
        items.push_back({{"id", each.id},
                         {"name", each.name},
                         {"signature", each.signature},
                         {"count", each.count},
                         {"first", ms_of(each.first)},
                         {"last", ms_of(each.last)},
                         {"newest", each.newest},
                         {"reason", each.reason}});
    return {{"items", std::move(items)}, {"next", nullptr}, {"failed", all.failed}, {"complete", all.complete}};
}

json::value document_of(const queue::child_info& child) {
    return {{"queue", child.job.queue},
            {"id", child.job.id},
            {"state", to_string(child.state)},
            {"result", cut(masked(child.result), most_of_preview)},
            {"failed_reason", cut(child.failed_reason, most_of_listed_reason)},
            {"on_failure", to_string(child.on_failure)}};
}

json::value document_of(const queue::log_line& line) {
    return {{"at", ms_of(line.at)}, {"text", cut(line.text, most_of_error)}};
}

json::value summary_of(const queue::job_info& job) {
    return {{"queue", job.queue},
            {"id", job.id},
            {"name", job.name},
            {"state", to_string(job.state)},
            {"preview", preview_of(job.data)},
            {"failed_reason", cut(job.failed_reason, most_of_listed_reason)},
            {"attempts_made", job.attempts_made},
            {"attempts", job.options.attempts},
            {"created_at", ms_of(job.created_at)},
            {"run_at", ms_of(job.run_at)},
            {"started_at", ms_of(job.started_at)},
            {"finished_at", ms_of(job.finished_at)},
            {"group", job.group},
            {"worker", job.worker},
            {"trace", job.trace}};
}

json::value document_of(const queue::job_info& job, std::size_t most_of_texts) {
    return {
        {"queue", job.queue},
        {"id", job.id},
        {"name", job.name},
        {"state", to_string(job.state)},
        {"data", payload_of(masked(job.data), most_of_texts)},
        {"result", payload_of(masked(job.result), most_of_texts)},
        {"progress", payload_of(masked(job.progress), most_of_texts)},
        {"failed_reason", cut(job.failed_reason, most_of_error)},
        {"errors", errors_of(job)},
        {"attempts_made", job.attempts_made},
        {"attempts", job.options.attempts},
        {"stalls", job.stalls},
        {"priority", job.options.priority},
        {"timeout_ms", job.options.timeout ? json::value(job.options.timeout->count()) : json::value()},
        {"deduplication_id", job.deduplication_id},
        {"group", job.group},
        {"created_at", ms_of(job.created_at)},
        {"run_at", ms_of(job.run_at)},
        {"started_at", ms_of(job.started_at)},
        {"finished_at", ms_of(job.finished_at)},
        {"expires_at", ms_of(job.expires_at)},
        {"worker", job.worker},
        {"cancel_requested", job.cancel_requested},
        {"parent", key_of(job.parent)},
        {"children",
         {{"pending", job.children.pending}, {"completed", job.children.completed}, {"failed", job.children.failed}}},
        {"schedule", schedule_of(job.id)},
        {"trace", job.trace}};
}

json::array workers_of(const std::vector<queue::worker_info>& all, const std::vector<queue::job_info>& active) {
    json::array items;
    for (const auto& each : all) {
        json::array queues(each.queues.begin(), each.queues.end()), jobs;
        for (const auto& job : active)
            if (job.worker == each.name)
                jobs.push_back(summary_of(job));
        items.push_back({{"name", each.name},
                         {"queues", std::move(queues)},
                         {"since", ms_of(each.since)},
                         {"jobs", std::move(jobs)}});
    }
    return items;
}

std::chrono::milliseconds overdue(const queue::cron_job& job, wall_time now) noexcept {
    if (!job.next || saturating_sub(now, *job.next) <= little_late)
        return std::chrono::milliseconds(0);
    return std::chrono::duration_cast<std::chrono::milliseconds>(saturating_sub(now, *job.next));
}

json::value document_of(const schedule_seen& s, wall_time now) {
    const auto& job = s.job;
    json::array runs;
    for (const auto t : queue::upcoming_runs(job.when, job.next, job.runs, runs_shown))
        runs.push_back({{"at", ms_of(t)}, {"there", in_zone(t, job.when.tz)}});
    json::value last;
    if (s.run)
        last = {{"id", s.run->id},
                {"state", to_string(s.run->state)},
                {"failed_reason", cut(s.run->failed_reason, most_of_listed_reason)},
                {"finished_at", ms_of(s.run->finished_at)}};
    return {{"queue", job.queue},
            {"name", job.name},
            {"pattern", job.when.pattern},
            {"every_ms", job.when.every.count()},
            {"tz", job.when.tz.empty() ? "UTC" : job.when.tz},
            {"runs", job.runs},
            {"next", ms_of(job.next)},
            {"last", ms_of(job.last)},
            {"next_runs", std::move(runs)},
            {"last_run", std::move(last)},
            {"defined_here", job.defined_here},
            {"stored", job.stored},
            {"orphaned", job.orphaned},
            {"overdue_ms", s.queue_paused ? 0 : overdue(job, now).count()},
            {"paused", job.paused_since.has_value()},
            {"paused_since", ms_of(job.paused_since)},
            {"queue_paused", s.queue_paused}};
}

} // namespace infra::dashboard
