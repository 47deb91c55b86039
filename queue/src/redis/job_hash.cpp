#include "job_hash.hpp"

#include "error_traces.hpp"
#include "scores.hpp"

#include "../trace_of.hpp"

#include <algorithm>
#include <limits>

namespace infra::queue::redis_backend {
namespace {

int int_of(std::string_view text) {
    return static_cast<int>(std::min<std::size_t>(count_of(text), std::numeric_limits<int>::max()));
}

void become_unreadable(stored_job& job, std::string_view field, const json::failure& why) {
    if (job.fail_with.empty())
        job.fail_with =
            std::string("unreadable: its ").append(field).append(" is not what BullMQ stores: ") + to_string(why);
}

void take_opts(stored_job& job, std::string text) {
    auto read = read_options(text.empty() ? "{}" : text);
    job.opts = std::move(text);
    if (read)
        job.with = *std::move(read);
    else
        become_unreadable(job, "opts", read.error());
}

void take_parent(stored_job& job, const std::string& text) {
    auto read = read_parent(text);
    if (read)
        job.parent = *std::move(read);
    else
        become_unreadable(job, "parent", read.error());
}

// A job that ended without a value has `null`.
void take_result(stored_job& job, std::string text) { job.result = text == "null" ? std::string() : std::move(text); }

using taker = void (*)(stored_job&, std::string);
constexpr std::pair<std::string_view, taker> takers[] = {
    {"name", [](stored_job& j, std::string v) { j.name = std::move(v); }},
    {"data", [](stored_job& j, std::string v) { j.data = v.empty() ? "{}" : std::move(v); }},
    {"opts", take_opts},
    {"timestamp", [](stored_job& j, std::string v) { j.created_at = time_of(v).value_or(wall_time{}); }},
    {"ats", [](stored_job& j, std::string v) { j.starts = count_of(v); }},
    {"stc", [](stored_job& j, std::string v) { j.stalls = int_of(v); }},
    {"processedOn", [](stored_job& j, std::string v) { j.started_at = time_of(v); }},
    {"finishedOn", [](stored_job& j, std::string v) { j.finished_at = time_of(v); }},
    {"returnvalue", take_result},
    {"failedReason", [](stored_job& j, std::string v) { j.failed_reason = std::move(v); }},
    {"stacktrace", [](stored_job& j, std::string v) { j.traces = read_traces(v); }},
    {"progress", [](stored_job& j, std::string v) { j.progress = std::move(v); }},
    {"pb", [](stored_job& j, std::string v) { j.worker = std::move(v); }},
    {"parent", [](stored_job& j, std::string v) { take_parent(j, v); }},
    {"parentKey", [](stored_job& j, std::string v) { j.parent_key = std::move(v); }},
    {"deid", [](stored_job& j, std::string v) { j.deduplication_id = std::move(v); }},
    {"rjk", [](stored_job& j, std::string v) { j.scheduler = std::move(v); }},
    {"infra.expires", [](stored_job& j, std::string v) { j.expires_at = time_of(v); }},
    {"infra.since", [](stored_job& j, std::string v) { j.waiting_since = time_of(v); }},
    {"infra.group", [](stored_job& j, std::string v) { j.group = std::move(v); }},
    {"infra.cancel", [](stored_job& j, std::string v) { j.cancel_requested = v == "1"; }},
};

void take_field(stored_job& job, std::string_view field, std::string value) {
    for (const auto& [name, taker] : takers)
        if (name == field)
            return taker(job, std::move(value));
}

// Before version 5 the attempts had another name, which BullMQ believes first.
int attempts_in(const hash_fields& fields) {
    for (const auto* name : {"attemptsMade", "atm"})
        if (const auto* value = find_field(fields, name); value && !value->empty())
            return int_of(*value);
    return 0;
}

} // namespace

stored_job read_job(job_key key, hash_fields fields, const stored_job* like) {
    stored_job job{.key = std::move(key), .attempts_made = attempts_in(fields)};
    if (const auto* why = find_field(fields, "defa"))
        job.fail_with = *why;
    const auto* priority = find_field(fields, "priority"); // people change it there, and not in the opts
    const auto current = priority ? leading_integer(*priority) : std::nullopt;
    const auto* opts = find_field(fields, "opts");
    const bool is_alike = current && like && opts && *opts == like->opts && like->fail_with.empty();
    if (is_alike)
        job.with = like->with;
    for (auto& [name, value] : fields)
        if (is_alike && name == "opts")
            job.opts = std::move(value);
        else
            take_field(job, name, std::move(value));
    if (current)
        job.with.options.priority = static_cast<int>(std::clamp<std::int64_t>(*current, 0, most_priority));
    return job;
}

hash_fields hash_of(const new_job& job, const std::optional<parent_link>& parent, bool gets_children) {
    const auto opts = opts_of(job, parent);
    const auto* delay = opts.if_contains("delay");
    hash_fields all{{"name", job.name},
                    {"data", job.data},
                    {"opts", json::to_text(opts)},
                    {"timestamp", std::to_string(to_unix_ms(job.created_at))},
                    {"delay", delay ? json::to_text(*delay) : "0"},
                    {"priority", std::to_string(job.options.priority)}};
    if (parent) {
        all.emplace_back("parentKey", parent->key());
        all.emplace_back("parent", to_text(*parent));
    }
    if (job.deduplicate)
        all.emplace_back("deid", job.deduplicate->id);
    if (job.expires_at)
        all.emplace_back("infra.expires", std::to_string(to_unix_ms(*job.expires_at)));
    if (job.options.ttl)
        all.emplace_back("infra.ttl", std::to_string(job.options.ttl->count()));
    if (job.run_at && gets_children)
        all.emplace_back("infra.at", std::to_string(to_due_ms(*job.run_at)));
    if (!job.group.empty())
        all.emplace_back("infra.group", job.group);
    return all;
}

job_info to_info(stored_job job, job_state state, std::optional<double> score) {
    const bool is_over = state == job_state::completed || state == job_state::failed;
    job_info info{.queue = std::move(job.key.queue),
                  .id = std::move(job.key.id),
                  .name = std::move(job.name),
                  .state = state,
                  .data = std::move(job.data),
                  .result = std::move(job.result),
                  .failed_reason = shown_reason(std::move(job.failed_reason)),
                  .attempts_made = job.attempts_made,
                  .fence = job.starts,
                  .stalls = job.stalls,
                  .created_at = job.created_at,
                  .started_at = job.started_at,
                  .expires_at = job.expires_at,
                  .options = job.with.options,
                  .deduplication_id = std::move(job.deduplication_id),
                  .progress = std::move(job.progress),
                  .errors = to_errors(job.traces, job.attempts_made),
                  .cancel_requested = state == job_state::active && job.cancel_requested,
                  .group = std::move(job.group),
                  .trace = trace_of(job.with.carrier)};
    if (state == job_state::delayed && score)
        info.run_at = run_at_of(*score);
    if (is_over)
        info.finished_at = job.finished_at;
    if (state == job_state::active)
        info.worker = std::move(job.worker);
    if (job.parent)
        info.parent = job.parent->job();
    return info;
}

claimed_job to_claimed(stored_job job, std::string token) {
    const auto since = job.waiting_since.value_or(saturating_add(job.created_at, job.with.delay));
    // BullMQ gives up no run of a schedule for that, and so does whoever shares one with it.
    const bool may_stall = job.key.id.starts_with("repeat:");
    return {.held = {.job = std::move(job.key), .fence = job.starts, .token = std::move(token)},
            .name = std::move(job.name),
            .data = std::move(job.data),
            .options = job.with.options,
            .carrier = std::move(job.with.carrier),
            .attempts_made = job.attempts_made,
            .stalls = may_stall ? 0 : job.stalls,
            .waiting_since = since,
            .fail_with = std::move(job.fail_with)};
}

} // namespace infra::queue::redis_backend
