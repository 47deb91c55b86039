#include "families.hpp"
#include "look.hpp"
#include "verbs.hpp"

#include "../trace_of.hpp"

namespace infra::queue::sqlite {
namespace {

#define INFRA_QUEUE_SELECT_JOB                                                                                         \
    "SELECT j.seq, j.queue, j.id, j.state, j.priority, j.place, j.kind, j.name, j.options, j.attempts_made, "          \
    "j.stalls, j.fence, j.created_at, j.started_at, coalesce(j.data, p.data), j.failed_reason, j.result, "             \
    "j.expires_at, j.deduplication, j.errors IS NOT NULL, j.progress, j.grp, j.parent, j.carrier FROM infra_jobs j "   \
    "LEFT JOIN infra_payloads p USING (seq) "

constexpr const char* by_seq = INFRA_QUEUE_SELECT_JOB "WHERE j.seq = ?1";
constexpr const char* by_number =
    INFRA_QUEUE_SELECT_JOB "WHERE j.seq = ?1 AND j.id IS NULL AND (?2 IS NULL OR j.queue = ?2)";
constexpr const char* by_id = INFRA_QUEUE_SELECT_JOB "WHERE j.id = ?1 AND (?2 IS NULL OR j.queue = ?2)";
#undef INFRA_QUEUE_SELECT_JOB

std::optional<wall_time> maybe_time(const query& q, int column) {
    const auto ms = q.maybe_integer(column);
    return ms ? std::optional(from_unix_ms(*ms)) : std::nullopt;
}

// Taken apart by SQLite, which reads back whatever bytes a reason had.
std::vector<job_error> errors_of(store& s, std::int64_t seq) {
    query q(s.db, "SELECT json_extract(e.value, '$[0]'), json_extract(e.value, '$[1]'), json_extract(e.value, '$[2]') "
                  "FROM infra_jobs j, json_each(j.errors) e WHERE j.seq = ?1 ORDER BY e.key");
    q.bind(seq);
    std::vector<job_error> errors;
    while (q.step())
        errors.push_back({static_cast<int>(q.integer(0)), from_unix_ms(q.integer(1)), q.text(2)});
    return errors;
}

void say_run(job_info& info, std::int64_t fence, std::int64_t started_at) {
    info.run_at.reset();
    info.fence = static_cast<std::uint64_t>(fence);
    info.started_at = from_unix_ms(started_at);
}

void say_active(job_info& info, const lease_row& held, const lease_book& leases) {
    info.state = job_state::active;
    info.cancel_requested = held.has(lease_row::cancelled);
    info.worker = leases.worker_of(held.seq);
    say_run(info, held.fence, held.started_at);
}

void say_over(job_info& info, const job_end& end) {
    info.state = end.state();
    info.attempts_made += end.attempts();
    info.finished_at = from_unix_ms(end.finished_at);
    if (end.fence != 0)
        say_run(info, end.fence, end.started_at);
}

std::optional<wall_time> run_at_of(const query& q, job_state state) {
    const bool may_be_later = state == job_state::delayed || (state == job_state::waiting_children && q.integer(5) > 0);
    return may_be_later ? maybe_time(q, 5) : std::nullopt;
}

// Of a job that waits: the others are spoken for by their lease, or their end.
job_info read_job(store& s, const query& q) {
    const auto& kind = s.kinds.read(s.db, q, 6, 7, 8);
    const auto state = static_cast<job_state>(q.integer(3));
    job_info info{.queue = s.queues.find(q.integer(1)).name,
                  .id = id_of(q, 2, q.integer(0)),
                  .name = kind.name,
                  .state = state,
                  .data = q.text(14),
                  .result = q.text(16),
                  .failed_reason = q.text(15),
                  .attempts_made = static_cast<int>(q.integer(9)),
                  .fence = static_cast<std::uint64_t>(q.integer(11)),
                  .stalls = static_cast<int>(q.integer(10)),
                  .created_at = from_unix_ms(q.integer(12)),
                  .run_at = run_at_of(q, state),
                  .started_at = maybe_time(q, 13),
                  .expires_at = maybe_time(q, 17),
                  .options = kind.options,
                  .deduplication_id = q.text(18),
                  .progress = q.text(20),
                  .group = q.text(21),
                  .trace = trace_of(q.text(23))};
    if (s.queues.has_families())
        say_family(s, info, q.integer(0), q.maybe_integer(22));
    if (q.integer(19) != 0)
        info.errors = errors_of(s, q.integer(0));
    info.options.priority = static_cast<int>(q.integer(4));
    if (const auto* held = s.leases.find(q.integer(0)))
        say_active(info, *held, s.leases);
    else if (const auto* end = s.ended.find(s.db, q.integer(0)))
        say_over(info, *end);
    return info;
}

template <class Id>
std::optional<job_info> find(store& s, const char* how, const Id& id, const ledger::row* queue) {
    query q(s.db, how);
    q.bind(id, queue ? std::optional(queue->id) : std::nullopt);
    return q.step() ? std::optional(read_job(s, q)) : std::nullopt;
}

std::optional<job_info> get_one(store& s, const job_key& key) {
    const auto* queue = key.queue.empty() ? nullptr : s.queues.find(key.queue);
    if (!key.queue.empty() && !queue)
        return std::nullopt;
    if (const auto number = given_number(key.id))
        if (auto found = find(s, by_number, *number, queue))
            return found;
    refuse_if_ambiguous(s, key);
    return find(s, by_id, key.id, queue);
}

} // namespace

std::optional<job_info> find_job(store& s, std::int64_t seq) {
    query q(s.db, by_seq);
    return q.bind(seq).step() ? std::optional(read_job(s, q)) : std::nullopt;
}

std::vector<std::optional<job_info>> get(store& s, const std::vector<job_key>& keys) {
    s.forget_beyond_kept();
    std::vector<std::optional<job_info>> found;
    found.reserve(keys.size());
    for (const auto& key : keys)
        found.push_back(get_one(s, key));
    return found;
}

} // namespace infra::queue::sqlite
