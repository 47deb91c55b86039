#include "queue_shown.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

// Others than this library may have written it without its time.
std::optional<wall_time> known(wall_time t) { return t == wall_time{} ? std::nullopt : std::optional(t); }
std::string told_at(wall_time t, const std::string& what) { return t == wall_time{} ? what : text_of(t) + "  " + what; }

// Stored as JSON; what is none is shown as the text that it is.
json::value parsed(const std::string& text) {
    if (text.empty())
        return nullptr;
    auto read = json::parse(text, {.max_bytes = text.size(), .max_depth = 256});
    return read ? *std::move(read) : json::value(text);
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

} // namespace

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

} // namespace infra::cli
