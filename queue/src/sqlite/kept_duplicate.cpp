#include "kept_duplicate.hpp"

#include "jobs.hpp"

#include <infra/base/json.hpp>

#include <limits>

namespace infra::queue::sqlite {
namespace {

/// new_job as JSON; times in Unix milliseconds. Data and options are JSON in a text, so that they come back as they were.
struct stored_job {
    std::string id{};
    std::string name{};
    std::string data{};
    std::string options{};
    int priority = 0;
    std::string carrier{};
    std::int64_t created_at = 0;
    std::optional<std::int64_t> run_at{};
    std::optional<std::int64_t> expires_at{};
    std::string deduplication{};
    bool extend = false;
    bool replace = false;
    bool keep_last_if_active = false;
    std::optional<std::int64_t> ttl{};
    std::optional<std::string> group{};
};
BOOST_DESCRIBE_STRUCT(stored_job, (),
                      (id, name, data, options, priority, carrier, created_at, run_at, expires_at, deduplication,
                       extend, replace, keep_last_if_active, ttl, group))

std::optional<wall_time> to_time(const std::optional<std::int64_t>& ms) {
    return ms ? std::optional(from_unix_ms(*ms)) : std::nullopt;
}

} // namespace

std::string to_text(const new_job& job) {
    const auto& by = *job.deduplicate;
    return json::to_text(
        stored_job{.id = job.id,
                   .name = job.name,
                   .data = job.data,
                   .options = to_text(job.options),
                   .priority = job.options.priority,
                   .carrier = job.carrier,
                   .created_at = to_unix_ms(job.created_at),
                   .run_at = job.run_at ? std::optional(to_due_ms(*job.run_at)) : std::nullopt,
                   .expires_at = job.expires_at ? std::optional(to_unix_ms(*job.expires_at)) : std::nullopt,
                   .deduplication = by.id,
                   .extend = by.extend,
                   .replace = by.replace,
                   .keep_last_if_active = by.keep_last_if_active,
                   .ttl = by.ttl ? std::optional(by.ttl->count()) : std::nullopt,
                   .group = job.group.empty() ? std::nullopt : std::optional(job.group)});
}

new_job read_duplicate(std::string_view text, const database& db) {
    const auto read = json::parse<stored_job>(text, {.max_bytes = std::numeric_limits<std::size_t>::max()});
    if (!read)
        throw error(errc::corrupt, "the queue's file " + db.file().string() +
                                       " holds a kept duplicate that cannot be read: " + to_string(read.error()));
    new_job job{.id = read->id,
                .name = read->name,
                .data = read->data,
                .options = read_options(read->options, db),
                .carrier = read->carrier,
                .created_at = from_unix_ms(read->created_at),
                .run_at = to_time(read->run_at),
                .expires_at = to_time(read->expires_at),
                .deduplicate = deduplication{.id = read->deduplication,
                                             .extend = read->extend,
                                             .replace = read->replace,
                                             .keep_last_if_active = read->keep_last_if_active},
                .group = read->group.value_or(std::string())};
    job.options.priority = read->priority;
    if (read->ttl)
        job.deduplicate->ttl = std::chrono::milliseconds(*read->ttl);
    return job;
}

} // namespace infra::queue::sqlite
