#include "due.hpp"

#include "traces.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::max();

/// A job that waits again: it ran out of time, or its time has come.
struct found_row {
    std::int64_t seq;
    std::int64_t queue;
    std::int64_t priority;
    std::int64_t due_at;
    job_id id;
    std::optional<std::int64_t> expires_at;
    bool cancelled;
};

std::vector<found_row> rows_of(query& q) {
    std::vector<found_row> rows;
    while (q.step())
        rows.push_back({q.integer(0), q.integer(1), q.integer(2), q.integer(3), id_of(q, 4, q.integer(0)),
                        q.maybe_integer(5), q.integer(6) != 0});
    return rows;
}

// A lease that ran out: the job stands in front of those that wait, for it has waited once already.
void rescue(store& s, ledger::row& queue, const found_row& row, wall_time now) {
    const auto place = -s.queues.next_number();
    query(s.db,
          "UPDATE infra_jobs SET place = ?2, state = 0, stalls = stalls + 1, (fence, started_at) = (SELECT fence, "
          "started_at FROM infra_active WHERE seq = ?1) WHERE seq = ?1")
        .bind(row.seq, place)
        .run();
    query(s.db, "DELETE FROM infra_active WHERE seq = ?1").bind(row.seq).run();
    record(s, queue, job_event::kind::stalled, row.id, now);
    if (row.cancelled)
        return fail_job(s, queue, row.seq, job_state::active, cancelled_reason, now);
    stand_in_line(s, queue, {row.priority, place, row.seq, row.expires_at});
    s.queues.moved(queue, job_state::active, job_state::waiting);
}

void look_when_leases_end(store& s) {
    query q(s.db, "SELECT min(lease_until), max(lease_until) FROM infra_active");
    q.step();
    s.queues.set_leases(q.is_null(0) ? ledger::lease_ends() : ledger::lease_ends{q.integer(0), q.integer(1)});
}

} // namespace

std::vector<job_key> rescue_expired(store& s, const claim_request& request) {
    const auto over = to_unix_ms(request.expired_before.value_or(request.now));
    const auto too_far = to_unix_ms(saturating_add(request.now, longest_lease));
    if (s.queues.leases().first > over && s.queues.leases().last <= too_far)
        return {};
    std::vector<job_key> rescued;
    query expired(s.db, "SELECT seq, a.queue, priority, lease_until, id, expires_at, cancel_requested FROM "
                        "infra_active a JOIN infra_jobs USING (seq) "
                        "WHERE lease_until <= ?1 OR lease_until > ?2 ORDER BY lease_until LIMIT ?3");
    expired.bind(over, too_far, most_at_once);
    for (const auto& row : rows_of(expired)) {
        auto& queue = s.queues.find(row.queue);
        rescue(s, queue, row, request.now);
        rescued.push_back({queue.name, row.id});
    }
    look_when_leases_end(s);
    return rescued;
}

void promote_due(store& s, std::int64_t now) {
    if (s.queues.in(job_state::delayed) == 0)
        return;
    query due(s.db, "SELECT d.seq, d.queue, j.priority, d.due_at, j.id, j.expires_at, 0 FROM infra_delayed d CROSS "
                    "JOIN infra_jobs j "
                    "ON j.seq = d.seq WHERE d.due_at <= ?1 ORDER BY d.due_at, d.seq LIMIT ?2");
    due.bind(now, most_at_once);
    const auto rows = rows_of(due);
    if (rows.empty())
        return;
    query(s.db, "DELETE FROM infra_delayed WHERE (due_at, seq) <= (?1, ?2)")
        .bind(rows.back().due_at, rows.back().seq)
        .run();
    for (const auto& row : rows) {
        const auto place = s.queues.next_number();
        query(s.db, "UPDATE infra_jobs SET state = 0, place = ?2 WHERE seq = ?1").bind(row.seq, place).run();
        auto& queue = s.queues.find(row.queue);
        stand_in_line(s, queue, {row.priority, place, row.seq, row.expires_at});
        s.queues.moved(queue, job_state::delayed, job_state::waiting);
    }
}

namespace {

std::vector<std::pair<std::int64_t, job_id>> expired_of(store& s, const ledger::row& queue, std::int64_t now,
                                                        std::int64_t most) {
    query q(s.db, "SELECT e.seq, j.id FROM infra_expiring e JOIN infra_jobs j USING (seq) WHERE e.queue = ?1 AND "
                  "e.expires_at <= ?2 ORDER BY e.expires_at, e.seq LIMIT ?3");
    q.bind(queue.id, now, most);
    std::vector<std::pair<std::int64_t, job_id>> found;
    while (q.step())
        found.emplace_back(q.integer(0), id_of(q, 1, q.integer(0)));
    return found;
}

void look_when_next_expires(store& s, ledger::row& queue) {
    query q(s.db, "SELECT expires_at FROM infra_expiring WHERE queue = ?1 ORDER BY expires_at LIMIT 1");
    queue.next_expiry = q.bind(queue.id).step() ? q.integer(0) : never;
}

} // namespace

std::vector<job_key> fail_expired(store& s, const claim_request& request) {
    std::vector<job_key> failed;
    for (const auto& name : request.queues) {
        auto* queue = s.queues.find(name);
        if (!queue || !has_expired(*queue, request.now))
            continue;
        const auto left = most_at_once - static_cast<std::int64_t>(failed.size());
        for (auto& [seq, id] : expired_of(s, *queue, to_unix_ms(request.now), left)) {
            leave_place(s, *queue, seq);
            fail_job(s, *queue, seq, job_state::waiting, expired_reason, request.now);
            failed.push_back({queue->name, std::move(id)});
        }
        look_when_next_expires(s, *queue);
    }
    return failed;
}

namespace {

// Of the queues named, in which jobs wait for it.
std::int64_t rate_opens_at(store& s, const claim_request& request) {
    auto first = never;
    for (const auto& name : request.queues)
        if (const auto* queue = s.queues.find(name); queue && queue->in(job_state::waiting) > 0)
            first = std::min(first, queue->flow.opens_at().value_or(never));
    return first;
}

} // namespace

// Of leases the bound that the ledger knows, which may be too early: then who comes finds out.
std::optional<wall_time> next_due(store& s, const claim_request& request) {
    auto due = never;
    if (s.queues.in(job_state::active) > 0)
        due = s.queues.leases().first;
    if (s.queues.in(job_state::delayed) > 0)
        if (query q(s.db, "SELECT due_at FROM infra_delayed ORDER BY due_at, seq LIMIT 1"); q.step())
            due = std::min(due, q.integer(0));
    if (s.queues.limits_some())
        due = std::min(due, rate_opens_at(s, request));
    return due == never ? std::nullopt : std::optional(from_unix_ms(due));
}

} // namespace infra::queue::sqlite
