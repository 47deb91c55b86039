#include "queue_shown.hpp"
#include "printable.hpp"
#include "shown_words.hpp"
#include "table.hpp"
#include "terminal.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

using cli::document_of;
using cli::shown;

std::pair<std::size_t, std::size_t> ended_in(const std::vector<queue::minute_counts>& minutes) {
    std::pair<std::size_t, std::size_t> sum{};
    for (const auto& each : minutes) {
        sum.first += each.completed;
        sum.second += each.failed;
    }
    return sum;
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

std::string next_of(const queue::cron_job& job) {
    return job.paused_since ? "paused" : job.next ? text_of(job.next) : "over";
}

} // namespace

// --- queues -------------------------------------------------------------------------------------------------------

std::string text_of(const std::vector<queue_report>& all, bool colours) {
    std::vector<table_row> rows;
    for (const auto& [c, settings, oldest, hour, workers] : all)
        rows.push_back({c.queue, std::to_string(c.waiting), std::to_string(c.delayed), std::to_string(c.active),
                        std::to_string(c.completed), std::to_string(c.failed), c.paused ? "paused" : ""});
    constexpr std::size_t failed = 5, paused = 6;
    return table({"QUEUE", "WAITING", "DELAYED", "ACTIVE", "COMPLETED", "FAILED", ""}, rows,
                 [&](std::size_t row, std::size_t column, std::string_view cell) {
                     const bool is_bad = column == failed && all[row].counts.failed > 0;
                     return painted(colours && (is_bad || column == paused), is_bad ? ink::bad : ink::doubt, cell);
                 });
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
        rows.push_back({each.queue, each.name, text_of(each.when), next_of(each), text_of(each.last),
                        std::to_string(each.runs), each.orphaned ? "orphaned" : ""});
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
            {"paused_since", document_of(job.paused_since)},
            {"orphaned", job.orphaned}};
}

} // namespace infra::cli
