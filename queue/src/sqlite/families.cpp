#include "families.hpp"

#include "family_rows.hpp"
#include "jobs.hpp"
#include "traces.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

/// infra_families.waits
enum class waiting { no, yes, is_gone };

void drop_child(store& s, std::int64_t parent, std::int64_t seq, const child_row& kept) {
    query(s.db, "DELETE FROM infra_children WHERE parent = ?1 AND seq = ?2").bind(parent, seq).run();
    count_child(s, parent, kept.state, -1, kept.bytes);
    note_change(s, parent);
}

// Without what there is no room for.
void keep_end(store& s, std::int64_t parent, const ended_child& child, const child_row& before, child_state as) {
    const auto left = static_cast<std::int64_t>(max_children_bytes) - find_family(s, parent)->bytes + before.bytes;
    const auto told = std::ssize(child.told) <= left ? child.told : std::string_view();
    query(s.db, "UPDATE infra_children SET state = ?3, result = ?4, failed_reason = ?5 WHERE parent = ?1 AND seq = ?2")
        .bind(parent, child.seq, static_cast<int>(as), child.completed ? non_empty(told) : std::nullopt,
              child.completed ? std::nullopt : non_empty(told))
        .run();
    count_child(s, parent, before.state, -1, before.bytes);
    count_child(s, parent, as, 1, std::ssize(told));
    if (as != before.state)
        note_change(s, parent);
}

std::optional<std::chrono::milliseconds> ttl_of(store& s, std::int64_t seq) {
    query q(s.db, "SELECT kind, name, options FROM infra_jobs WHERE seq = ?1");
    q.bind(seq).step();
    return s.kinds.read(s.db, q, 0, 1, 2).options.ttl;
}

bool is_to_fail(store& s, std::int64_t seq) {
    const auto known = find_family(s, seq);
    return known && known->fails;
}

// Only one that waits for children: in front of its line, or delayed still. Its time to live begins.
void release(store& s, std::int64_t seq, wall_time now) {
    const auto job = find_row(s, seq);
    if (!job || job->state != job_state::waiting_children || is_to_fail(s, seq) || !leave_place(s, *job->queue, seq))
        return;
    const auto due = job->place > to_unix_ms(now) ? std::optional(job->place) : std::nullopt;
    const auto ttl = ttl_of(s, seq);
    const auto start = due ? from_unix_ms(*due) : now;
    const auto expires_at = ttl ? std::optional(to_unix_ms(saturating_add(start, *ttl))) : job->expires_at;
    const auto state = due ? job_state::delayed : job_state::waiting;
    const auto place = due ? *due : -s.queues.next_number();
    query(s.db, "UPDATE infra_jobs SET state = ?2, place = ?3, expires_at = ?4, waiting_since = ?5 WHERE seq = ?1")
        .bind(seq, static_cast<int>(state), place, expires_at, due ? std::nullopt : std::optional(to_unix_ms(now)))
        .run();
    if (due)
        set_aside(s, *job->queue, place, seq);
    else
        stand_in_line(s, *job->queue, {job->priority, place, seq, expires_at});
    s.queues.moved(*job->queue, job_state::waiting_children, state);
    record(s, *job->queue, job_event::kind::waiting, job->id, now);
}

} // namespace

// --- waiting ------------------------------------------------------------------------------------------------------

void begin_family(store& s, const ledger::row& queue, std::int64_t seq, bool waits) {
    query(s.db,
          "INSERT INTO infra_families (seq, queue, waits) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET waits = ?3")
        .bind(seq, queue.id, static_cast<int>(waits ? waiting::yes : waiting::no))
        .run();
    s.queues.family_added();
}

void begin_to_wait(store& s, ledger::row& queue, std::int64_t seq, job_state from) {
    begin_family(s, queue, seq, true);
    query(s.db, "UPDATE infra_jobs SET state = 5, place = 0, waiting_since = NULL WHERE seq = ?1").bind(seq).run();
    s.queues.moved(queue, from, job_state::waiting_children);
}

children_at_end children_of(store& s, std::int64_t seq) {
    children_at_end all;
    const auto known = s.queues.has_families() ? find_family(s, seq) : std::nullopt;
    if (!known)
        return all;
    all.pending = static_cast<std::size_t>(known->pending);
    if (known->failed == 0)
        return all;
    query q(s.db, "SELECT on_failure, queue, id FROM infra_children WHERE parent = ?1 AND state = 2 AND on_failure IN "
                  "(0, 1) ORDER BY seq");
    q.bind(seq);
    while (all.doomed_by.empty() && q.step()) // which goes before all else
        if (static_cast<child_failure>(q.integer(0)) == child_failure::continue_parent)
            all.released_early = true;
        else
            all.doomed_by = q.text(1) + ":" + q.text(2);
    return all;
}

// --- the end of a child -------------------------------------------------------------------------------------------

std::optional<doomed_parent> tell_parent(store& s, const ended_child& child) {
    const auto parent = s.queues.has_families() ? parent_row(s, child.seq) : std::nullopt;
    const auto kept = parent ? find_child(s, parent->seq, child.seq) : std::nullopt;
    if (!kept)
        return std::nullopt;
    const auto end = end_of_child(child.completed, kept->on_failure);
    if (end.kept)
        keep_end(s, parent->seq, child, *kept, end.as);
    else
        drop_child(s, parent->seq, child.seq, *kept);
    switch (end.on_parent) {
    case child_end::effect::fail:
        return doomed_parent{parent->seq, reason_of_failed_child(child.job.queue + ":" + child.job.id)};
    case child_end::effect::release: release(s, parent->seq, child.at); break;
    case child_end::effect::none: release_if_done(s, parent->seq, child.at); break;
    }
    return std::nullopt;
}

std::optional<doomed_parent> tell_parent_of_removal(store& s, const job_row& child, wall_time now) {
    const auto parent = s.queues.has_families() ? parent_row(s, child.seq) : std::nullopt;
    const auto kept = parent ? find_child(s, parent->seq, child.seq) : std::nullopt;
    if (!kept || kept->state != child_state::pending)
        return std::nullopt;
    return tell_parent(s, {child.seq, {child.queue->name, child.id}, false, removed_reason, now});
}

void release_if_done(store& s, std::int64_t parent, wall_time now) {
    if (const auto known = find_family(s, parent); !known || known->pending == 0)
        release(s, parent, now);
}

// --- forgetting ---------------------------------------------------------------------------------------------------

namespace {

// As many rows as there is time for; the rest with sweep_families.
void forget_children(store& s, std::int64_t seq, const family_row& known) {
    const auto most = std::max(s.take_side_work(known.total()), s.side_work.children_of_a_family);
    query(s.db,
          "DELETE FROM infra_children WHERE parent = ?1 AND seq IN (SELECT seq FROM infra_children WHERE parent = "
          "?1 LIMIT ?2)")
        .bind(seq, most)
        .run();
    const auto left = known.total() - s.db.changes();
    if (left <= 0 || s.db.changes() < most) {
        query(s.db, "DELETE FROM infra_families WHERE seq = ?1").bind(seq).run();
        return;
    }
    query(s.db,
          "UPDATE infra_families SET waits = ?2, fails = 0, pending = ?3, completed = 0, failed = 0 WHERE seq = ?1")
        .bind(seq, static_cast<int>(waiting::is_gone), left)
        .run();
    s.leave_families_to_claims();
}

std::optional<std::int64_t> first_seq(store& s, const char* select) {
    query q(s.db, select);
    return q.step() ? std::optional(q.integer(0)) : std::nullopt;
}

// Who failed it may be pending again meanwhile: a person had it retried.
void carry_out_failure(store& s, std::int64_t seq, wall_time now) {
    query(s.db, "UPDATE infra_families SET fails = 0 WHERE seq = ?1").bind(seq).run();
    if (const auto by = children_of(s, seq).doomed_by; !by.empty())
        fail_parents(s, doomed_parent{seq, reason_of_failed_child(by)}, now);
    else
        release_if_done(s, seq, now);
}

} // namespace

void forget_family(store& s, std::int64_t seq, wall_time now) {
    if (const auto known = find_family(s, seq))
        forget_children(s, seq, *known);
    const auto parent = parent_row(s, seq);
    const auto kept = parent ? find_child(s, parent->seq, seq) : std::nullopt;
    if (!kept || kept->state != child_state::pending)
        return;
    drop_child(s, parent->seq, seq, *kept);
    release_if_done(s, parent->seq, now);
}

void sweep_families(store& s, wall_time now) {
    while (s.queues.has_family_left() && s.has_time_for_side_work()) {
        if (const auto fails = first_seq(s, "SELECT seq FROM infra_families WHERE fails = 1 LIMIT 1"))
            carry_out_failure(s, *fails, now);
        else if (const auto gone = first_seq(s, "SELECT seq FROM infra_families WHERE waits = 2 LIMIT 1"))
            forget_children(s, *gone, find_family(s, *gone).value());
        else
            s.queues.set_family_left(false);
    }
}

// --- what people do -----------------------------------------------------------------------------------------------

std::int64_t forgive_children(store& s, std::int64_t seq) {
    const auto known = s.queues.has_families() ? find_family(s, seq) : std::nullopt;
    if (!known)
        return 0;
    query(s.db, "UPDATE infra_children SET on_failure = 2 WHERE parent = ?1 AND state = 2 AND on_failure = 0")
        .bind(seq)
        .run();
    if (known->fails)
        query(s.db, "UPDATE infra_families SET fails = 0 WHERE seq = ?1").bind(seq).run();
    return known->pending;
}

void expect_again(store& s, std::int64_t seq) {
    const auto parent = s.queues.has_families() ? parent_row(s, seq) : std::nullopt;
    if (!parent || (parent->state != job_state::waiting_children && !is_over(*parent)))
        return;
    const auto kept = find_child(s, parent->seq, seq);
    if (!kept)
        return;
    query(s.db,
          "UPDATE infra_children SET state = 0, result = NULL, failed_reason = NULL WHERE parent = ?1 AND seq = ?2")
        .bind(parent->seq, seq)
        .run();
    count_child(s, parent->seq, kept->state, -1, kept->bytes);
    count_child(s, parent->seq, child_state::pending, 1);
}

} // namespace infra::queue::sqlite
