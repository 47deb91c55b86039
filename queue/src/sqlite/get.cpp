#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

std::optional<wall_time> maybe_time(const query& q, int column) {
    const auto ms = q.maybe_integer(column);
    return ms ? std::optional(from_unix_ms(*ms)) : std::nullopt;
}

job_info read_job(store& s, const query& q) {
    job_info info{.queue = s.queues.find(q.integer(0)).name,
                  .id = q.text(1),
                  .name = q.text(2),
                  .state = static_cast<job_state>(q.integer(3)),
                  .data = q.text(4),
                  .result = q.text(5),
                  .failed_reason = q.text(6),
                  .attempts_made = static_cast<int>(q.integer(7)),
                  .fence = static_cast<std::uint64_t>(q.integer(8)),
                  .stalls = static_cast<int>(q.integer(9)),
                  .created_at = from_unix_ms(q.integer(10)),
                  .run_at = maybe_time(q, 11),
                  .started_at = maybe_time(q, 12),
                  .finished_at = maybe_time(q, 13),
                  .options = read_options(q, 15)};
    info.options.priority = static_cast<int>(q.integer(14));
    return info;
}

// Of several queues with the same id, the one that had it first.
std::optional<job_info> get_one(store& s, const job_key& key) {
    const auto* queue = key.queue.empty() ? nullptr : s.queues.find(key.queue);
    if (!key.queue.empty() && !queue)
        return std::nullopt;
    query q(
        s.db,
        "SELECT queue, id, name, state, data, result, failed_reason, attempts_made, fence, stalls, created_at, due_at, "
        "started_at, finished_at, priority, lifo, attempts, backoff, backoff_delay, backoff_max, backoff_jitter, "
        "timeout, "
        "keep_completed_count, keep_completed_age, keep_failed_count, keep_failed_age "
        "FROM infra_jobs JOIN infra_payloads USING (seq) WHERE id = ?1 AND (?2 IS NULL OR queue = ?2) ORDER BY seq "
        "LIMIT 1");
    q.bind(key.id, queue ? std::optional(queue->id) : std::nullopt);
    return q.step() ? std::optional(read_job(s, q)) : std::nullopt;
}

} // namespace

std::vector<std::optional<job_info>> get(store& s, const std::vector<job_key>& keys) {
    std::vector<std::optional<job_info>> found;
    found.reserve(keys.size());
    for (const auto& key : keys)
        found.push_back(get_one(s, key));
    return found;
}

} // namespace infra::queue::sqlite
