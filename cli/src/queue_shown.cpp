#include "queue_shown.hpp"
#include "cache.hpp"
#include "printable.hpp"
#include "table.hpp"

#include <infra/queue/time_zone.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

using std::chrono::milliseconds;

std::string text_of(std::optional<wall_time> t) { return t ? queue::to_rfc3339(*t) : ""; }
json::value document_of(std::optional<wall_time> t) {
    return t ? json::value(std::string_view(format_rfc3339(*t).data(), 24)) : json::value();
}

// Others than this library may have written it without its time.
std::optional<wall_time> known(wall_time t) { return t == wall_time{} ? std::nullopt : std::optional(t); }
std::string told_at(wall_time t, const std::string& what) { return t == wall_time{} ? what : text_of(t) + "  " + what; }

std::string shown(milliseconds d) { return shown_ttl(std::max(d, milliseconds(0))); }
std::string age_of(wall_time t, wall_time now) {
    return shown(std::chrono::duration_cast<milliseconds>(saturating_sub(now, t)));
}

std::string limit_of(std::size_t n) { return n == 0 ? "" : std::to_string(n); }

// Stored as JSON; what is none is shown as the text that it is.
json::value parsed(const std::string& text) {
    if (text.empty())
        return nullptr;
    auto read = json::parse(text, {.max_bytes = text.size(), .max_depth = 256});
    return read ? *std::move(read) : json::value(text);
}

std::pair<std::size_t, std::size_t> ended_in(const std::vector<queue::minute_counts>& minutes) {
    std::pair<std::size_t, std::size_t> sum{};
    for (const auto& each : minutes) {
        sum.first += each.completed;
        sum.second += each.failed;
    }
    return sum;
}

std::string children_of(const queue::children_counts& n) {
    return n.total() == 0 ? ""
                          : std::to_string(n.pending) + " pending, " + std::to_string(n.completed) + " completed, " +
                                std::to_string(n.failed) + " failed";
}

std::string shown(const queue::child_info& child) {
    return child.job.queue + ":" + child.job.id + "  " + std::string(to_string(child.state)) +
           (child.failed_reason.empty() ? "" : "  " + child.failed_reason);
}

constexpr std::size_t workers_shown = 10;

std::string shown(const std::vector<queue::worker_info>& workers, wall_time now) {
    if (workers.empty())
        return "none";
    std::string text = std::to_string(workers.size());
    for (std::size_t i = 0; i < std::min(workers.size(), workers_shown); ++i)
        text += (i == 0 ? ": " : ", ") + workers[i].name + " for " + age_of(workers[i].since, now);
    return text + (workers.size() > workers_shown ? ", …" : "");
}

json::value document_of(const std::vector<queue::worker_info>& workers) {
    json::array all;
    for (const auto& each : workers)
        all.push_back(
            {{"name", each.name}, {"queues", json::to_value(each.queues)}, {"since", document_of(each.since)}});
    return all;
}

std::string rate_of(const queue::rate_limit& rate) {
    return rate.max == 0 ? "" : std::to_string(rate.max) + " in " + shown(rate.duration);
}

} // namespace

// --- queues -------------------------------------------------------------------------------------------------------

std::string text_of(const std::vector<queue_report>& all) {
    std::vector<table_row> rows;
    for (const auto& [c, settings, oldest, hour, workers] : all)
        rows.push_back({c.queue, std::to_string(c.waiting), std::to_string(c.delayed), std::to_string(c.active),
                        std::to_string(c.completed), std::to_string(c.failed), c.paused ? "paused" : ""});
    return table({"QUEUE", "WAITING", "DELAYED", "ACTIVE", "COMPLETED", "FAILED", ""}, rows);
}

std::string text_of(const queue_report& one, wall_time now) {
    const auto& [c, s, oldest, minutes, workers] = one;
    const auto [completed, failed] = ended_in(minutes);
    return fact_sheet(
        {{"queue", c.queue + (s.paused ? " (paused)" : "")},
         {"waiting", std::to_string(c.waiting) + (oldest ? ", the oldest for " + age_of(*oldest, now) : std::string())},
         {"groups", limit_of(c.groups)},
         {"delayed", std::to_string(c.delayed)},
         {"waiting for children", limit_of(c.waiting_children)},
         {"active", std::to_string(c.active)},
         {"completed", std::to_string(c.completed) + " kept"},
         {"failed", std::to_string(c.failed) + " kept"},
         {"workers", shown(workers, now)},
         {"last hour", std::to_string(completed) + " completed, " + std::to_string(failed) + " failed"},
         {"concurrency", limit_of(s.concurrency)},
         {"rate", rate_of(s.rate)},
         {"concurrency of a group", limit_of(s.per_group.concurrency)},
         {"rate of a group", rate_of(s.per_group.rate)},
         {"max length", limit_of(s.max_length)}});
}

json::value document_of(const queue_report& one) {
    const auto& [c, s, oldest, minutes, workers] = one;
    const auto [completed, failed] = ended_in(minutes);
    return {{"queue", c.queue},
            {"waiting", c.waiting},
            {"delayed", c.delayed},
            {"active", c.active},
            {"completed", c.completed},
            {"failed", c.failed},
            {"waiting_children", c.waiting_children},
            {"groups", c.groups},
            {"paused", s.paused},
            {"concurrency", s.concurrency},
            {"rate_max", s.rate.max},
            {"rate_duration_ms", s.rate.duration.count()},
            {"group_concurrency", s.per_group.concurrency},
            {"group_rate_max", s.per_group.rate.max},
            {"group_rate_duration_ms", s.per_group.rate.duration.count()},
            {"max_length", s.max_length},
            {"oldest_waiting", document_of(oldest)},
            {"workers", document_of(workers)},
            {"last_hour", {{"completed", completed}, {"failed", failed}}}};
}

// --- jobs ---------------------------------------------------------------------------------------------------------

std::string text_of(const std::vector<queue::job_info>& jobs, wall_time now) {
    std::vector<table_row> rows;
    const bool some_run = std::ranges::any_of(jobs, [](const auto& j) { return !j.worker.empty(); });
    for (const auto& j : jobs) {
        auto& row =
            rows.emplace_back(table_row{j.id, j.name, std::string(to_string(j.state)), age_of(j.created_at, now),
                                        std::to_string(j.attempts_made) + "/" + std::to_string(j.options.attempts)});
        if (some_run)
            row.push_back(j.worker);
        row.push_back(j.failed_reason);
    }
    table_row heads{"ID", "NAME", "STATE", "AGE", "ATTEMPTS"};
    if (some_run)
        heads.push_back("WORKER");
    heads.push_back("REASON");
    return table(heads, rows);
}

std::string text_of(const queue::job_info& j, const queue::children_page& children,
                    const std::vector<queue::log_line>& log) {
    std::vector<std::pair<std::string, std::string>> facts{
        {"id", j.id},
        {"queue", j.queue},
        {"name", j.name},
        {"state", std::string(to_string(j.state)) + (j.cancel_requested ? " (is to end)" : "")},
        {"attempts", std::to_string(j.attempts_made) + " of " + std::to_string(j.options.attempts)},
        {"stalls", limit_of(static_cast<std::size_t>(j.stalls))},
        {"priority", limit_of(static_cast<std::size_t>(j.options.priority))},
        {"created", text_of(j.created_at)},
        {"runs at", text_of(j.run_at)},
        {"expires at", text_of(j.expires_at)},
        {"started", text_of(j.started_at)},
        {"worker", j.worker},
        {"finished", text_of(j.finished_at)},
        {"one of", j.deduplication_id},
        {"group", j.group},
        {"child of", j.parent ? j.parent->queue + ":" + j.parent->id : std::string()},
        {"children", children_of(j.children)},
        {"data", j.data},
        {"progress", j.progress},
        {"result", j.result},
        {"reason", j.failed_reason}};
    for (const auto& each : j.errors)
        facts.emplace_back("error " + std::to_string(each.attempt), told_at(each.at, each.reason));
    for (const auto& each : children.children)
        facts.emplace_back("child", shown(each));
    if (!children.next.empty())
        facts.emplace_back("child", "…");
    for (const auto& each : log)
        facts.emplace_back("log", told_at(each.at, each.text));
    return fact_sheet(facts);
}

json::value document_of(const queue::job_info& j) {
    json::array errors;
    for (const auto& each : j.errors)
        errors.push_back({{"attempt", each.attempt}, {"at", document_of(known(each.at))}, {"reason", each.reason}});
    return {{"id", j.id},
            {"queue", j.queue},
            {"name", j.name},
            {"state", to_string(j.state)},
            {"data", parsed(j.data)},
            {"result", parsed(j.result)},
            {"progress", parsed(j.progress)},
            {"failed_reason", j.failed_reason},
            {"attempts_made", j.attempts_made},
            {"attempts", j.options.attempts},
            {"stalls", j.stalls},
            {"fence", j.fence},
            {"priority", j.options.priority},
            {"deduplication_id", j.deduplication_id},
            {"group", j.group},
            {"parent", j.parent ? json::value{{"queue", j.parent->queue}, {"id", j.parent->id}} : json::value()},
            {"pending_children", j.children.pending},
            {"completed_children", j.children.completed},
            {"failed_children", j.children.failed},
            {"cancel_requested", j.cancel_requested},
            {"created_at", document_of(j.created_at)},
            {"run_at", document_of(j.run_at)},
            {"started_at", document_of(j.started_at)},
            {"worker", j.worker},
            {"finished_at", document_of(j.finished_at)},
            {"expires_at", document_of(j.expires_at)},
            {"errors", std::move(errors)}};
}

json::value document_of(const std::vector<queue::child_info>& children) {
    json::array all;
    for (const auto& each : children)
        all.push_back({{"queue", each.job.queue},
                       {"id", each.job.id},
                       {"state", to_string(each.state)},
                       {"result", parsed(each.result)},
                       {"failed_reason", each.failed_reason},
                       {"on_failure", to_string(each.on_failure)}});
    return all;
}

json::value document_of(const std::vector<queue::log_line>& log) {
    json::array lines;
    for (const auto& each : log)
        lines.push_back({{"at", document_of(known(each.at))}, {"text", each.text}});
    return lines;
}

// --- events -------------------------------------------------------------------------------------------------------

std::string text_of(const queue::job_event& e) {
    return printable(text_of(e.at) + "  " + std::string(to_string(e.what)) + (e.id.empty() ? "" : "  " + e.id) +
                     (e.data.empty() ? "" : "  " + e.data));
}

json::value document_of(const queue::job_event& e) {
    return {{"number", e.number}, {"event", to_string(e.what)}, {"queue", e.queue},
            {"id", e.id},         {"at", document_of(e.at)},    {"data", e.data}};
}

// --- schedules ----------------------------------------------------------------------------------------------------

std::string text_of(const queue::schedule& when) {
    return when.pattern.empty() ? "every " + shown(when.every) : when.pattern + (when.tz.empty() ? "" : " " + when.tz);
}

std::string text_of(const std::vector<queue::cron_job>& all) {
    std::vector<table_row> rows;
    for (const auto& each : all)
        rows.push_back({each.queue, each.name, text_of(each.when), each.next ? text_of(each.next) : "over",
                        text_of(each.last), std::to_string(each.runs), each.orphaned ? "orphaned" : ""});
    return table({"QUEUE", "NAME", "WHEN", "NEXT", "LAST", "RUNS", ""}, rows);
}

json::value document_of(const queue::cron_job& job) {
    return {{"queue", job.queue},
            {"name", job.name},
            {"pattern", job.when.pattern},
            {"tz", job.when.tz},
            {"every_ms", job.when.every.count()},
            {"runs", job.runs},
            {"next", document_of(job.next)},
            {"last", document_of(job.last)},
            {"orphaned", job.orphaned}};
}

} // namespace infra::cli
