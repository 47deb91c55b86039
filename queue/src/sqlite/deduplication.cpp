#include "deduplication.hpp"

#include "kept_duplicate.hpp"
#include "traces.hpp"

namespace infra::queue::sqlite {
namespace {

/// Who holds an id.
struct slot {
    std::int64_t seq = 0;
    job_id holder{};
    std::optional<std::int64_t> until{};
};

std::optional<slot> find_slot(store& s, const ledger::row& queue, const new_job& job) {
    query q(s.db, "SELECT seq, job_id, until FROM infra_deduplications WHERE queue = ?1 AND id = ?2");
    if (!q.bind(queue.id, job.deduplicate->id).step())
        return std::nullopt;
    slot found{q.integer(0), id_of(q, 1, q.integer(0)), q.maybe_integer(2)};
    const bool is_over = found.until && *found.until <= to_unix_ms(job.created_at);
    return is_over ? std::nullopt : std::optional(std::move(found));
}

std::optional<std::int64_t> end_of_hold(const new_job& job) {
    const auto& ttl = job.deduplicate->ttl;
    return ttl ? std::optional(to_unix_ms(saturating_add(job.created_at, *ttl))) : std::nullopt;
}

bool is_delayed(store& s, const slot& held) {
    query q(s.db, "SELECT 1 FROM infra_jobs WHERE seq = ?1 AND state = 1");
    return q.bind(held.seq).step();
}

// Only the last of many runs is wanted: one that has not begun makes way.
bool make_way(store& s, ledger::row& queue, const slot& held, wall_time now) {
    if (!is_delayed(s, held))
        return false;
    leave_place(s, queue, held.seq);
    forget_job(s, queue, held.seq, job_state::delayed, now);
    note_removal(s, held.seq);
    return true;
}

void keep_if_active(store& s, const ledger::row& queue, const new_job& job, const slot& held) {
    if (!s.leases.find(held.seq))
        return;
    const auto text = to_text(job);
    query(s.db, "UPDATE infra_deduplications SET last = ?3 WHERE queue = ?1 AND id = ?2")
        .bind(queue.id, job.deduplicate->id, text)
        .run();
}

void extend_hold(store& s, const ledger::row& queue, const new_job& job, std::int64_t until) {
    query(s.db, "UPDATE infra_deduplications SET until = ?3 WHERE queue = ?1 AND id = ?2")
        .bind(queue.id, job.deduplicate->id, until)
        .run();
}

} // namespace

judgement judge(store& s, ledger::row& queue, const new_job& job) {
    const auto& by = *job.deduplicate;
    const auto until = end_of_hold(job);
    const auto held = find_slot(s, queue, job);
    if (!held)
        return {.until = until};
    record(s, queue, job_event::kind::deduplicated, held->holder, job.created_at);
    const bool extends = by.extend && until;
    if (by.replace && make_way(s, queue, *held, job.created_at)) {
        record(s, queue, job_event::kind::removed, held->holder, job.created_at);
        return {.how = addition::replaced, .until = extends ? until : held->until};
    }
    if (extends)
        extend_hold(s, queue, job, *until);
    if (by.keep_last_if_active)
        keep_if_active(s, queue, job, *held);
    return {.how = addition::deduplicated, .holder = held->holder};
}

void hold(store& s, const ledger::row& queue, const new_job& job, std::int64_t seq, std::optional<std::int64_t> until) {
    query(s.db,
          "INSERT INTO infra_deduplications (queue, id, seq, job_id, until) VALUES (?1, ?2, ?3, nullif(?4, ''), ?5) "
          "ON CONFLICT DO UPDATE SET seq = ?3, job_id = nullif(?4, ''), until = ?5, last = NULL")
        .bind(queue.id, job.deduplicate->id, seq, job.id, until)
        .run();
    if (until) // more than one for each, so that they do not pile up
        forget_past_deduplications(s, job.created_at, 2);
}

bool is_duplicate(store& s, const ledger::row& queue, const new_job& job) {
    return job.deduplicate && find_slot(s, queue, job).has_value();
}

bool replaces(store& s, const ledger::row& queue, const new_job& job) {
    const auto held = job.deduplicate && job.deduplicate->replace ? find_slot(s, queue, job) : std::nullopt;
    return held && is_delayed(s, *held);
}

void release_deduplication(store& s, ledger::row& queue, std::int64_t seq, wall_time at) {
    std::optional<new_job> last;
    {
        query q(s.db, "SELECT d.last FROM infra_jobs j JOIN infra_deduplications d ON d.queue = j.queue AND d.id = "
                      "j.deduplication AND d.seq = j.seq WHERE j.seq = ?1 AND d.until IS NULL");
        if (!q.bind(seq).step())
            return;
        if (!q.is_null(0))
            last = read_duplicate(q.view(0), s.db);
    }
    free_deduplication(s, queue, seq);
    if (!last)
        return;
    last->queue = queue.name;
    last->created_at = std::max(last->created_at, at);
    if (last->run_at && *last->run_at <= at)
        last->run_at.reset();
    add_job(s, queue, *last);
}

void free_deduplication(store& s, const ledger::row& queue, std::int64_t seq) {
    query(s.db, "DELETE FROM infra_deduplications WHERE queue = ?1 AND seq = ?2 AND id = (SELECT deduplication FROM "
                "infra_jobs WHERE seq = ?2)")
        .bind(queue.id, seq)
        .run();
}

void forget_past_deduplications(store& s, wall_time now, std::int64_t most) {
    query(s.db, "DELETE FROM infra_deduplications WHERE (queue, id) IN (SELECT queue, id FROM infra_deduplications "
                "WHERE until <= ?1 LIMIT ?2)")
        .bind(to_unix_ms(now), most)
        .run();
}

} // namespace infra::queue::sqlite
