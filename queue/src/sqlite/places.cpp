#include "jobs.hpp"

#include "groups.hpp"

#include <algorithm>

namespace infra::queue::sqlite {

void stand_in_line(store& s, ledger::row& queue, const standing& where) {
    if (!join_group(s, queue, where))
        s.put_in_line(queue, where);
    s.brought_work = true;
    if (!where.expires_at)
        return;
    query(s.db, "INSERT INTO infra_expiring (queue, expires_at, seq) VALUES (?1, ?2, ?3)")
        .bind(queue.id, where.expires_at, where.seq)
        .run();
    queue.next_expiry = std::min(queue.next_expiry, *where.expires_at);
}

void set_aside(store& s, const ledger::row& queue, std::int64_t due_at, std::int64_t seq) {
    query(s.db, "INSERT INTO infra_delayed (due_at, seq, queue) VALUES (?1, ?2, ?3)").bind(due_at, seq, queue.id).run();
    s.brought_work = true;
}

void expire_no_more(store& s, const ledger::row& queue, std::int64_t expires_at, std::int64_t seq) {
    query(s.db, "DELETE FROM infra_expiring WHERE queue = ?1 AND expires_at = ?2 AND seq = ?3")
        .bind(queue.id, expires_at, seq)
        .run();
}

namespace {

bool leave_delayed(store& s, std::int64_t due_at, std::int64_t seq) {
    query(s.db, "DELETE FROM infra_delayed WHERE due_at = ?1 AND seq = ?2").bind(due_at, seq).run();
    return s.db.changes() > 0;
}

bool leave_line(store& s, const ledger::row& queue, const standing& where, const std::string& group) {
    s.put_in_line();
    if (!group.empty())
        return leave_group(s, queue, group, where);
    return s.line.remove(s.db, {queue.id, where.priority}, {where.place, where.seq});
}

bool leave_waiting(store& s, const ledger::row& queue, const standing& where, const std::string& group) {
    const bool was_there = leave_line(s, queue, where, group);
    if (was_there && where.expires_at)
        expire_no_more(s, queue, *where.expires_at, where.seq);
    return was_there;
}

bool leave_family(store& s, std::int64_t seq) {
    query(s.db, "UPDATE infra_families SET waits = 0 WHERE seq = ?1 AND waits = 1").bind(seq).run();
    return s.db.changes() > 0;
}

} // namespace

std::optional<job_state> leave_place(store& s, const ledger::row& queue, std::int64_t seq) {
    query q(s.db, "SELECT state, priority, place, expires_at, grp FROM infra_jobs WHERE seq = ?1");
    if (!q.bind(seq).step())
        return std::nullopt;
    const auto state = static_cast<job_state>(q.integer(0));
    const standing where{q.integer(1), q.integer(2), seq, q.maybe_integer(3)};
    const bool was_there = state == job_state::delayed ? leave_delayed(s, where.place, seq)
                           : state == job_state::waiting
                               ? leave_waiting(s, queue, where, q.text(4)) // not if it is active
                               : leave_family(s, seq);
    return was_there ? std::optional(state) : std::nullopt;
}

} // namespace infra::queue::sqlite
