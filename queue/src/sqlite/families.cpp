#include "families.hpp"

#include "family_rows.hpp"
#include "jobs.hpp"
#include "traces.hpp"

namespace infra::queue::sqlite {
namespace {

/// infra_families.waits
enum class waiting { no, yes, is_gone };

std::optional<std::string_view> non_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

void drop_child(store& s, std::int64_t parent, std::int64_t seq, const child_row& kept) {
    query(s.db, "DELETE FROM infra_children WHERE parent = ?1 AND seq = ?2").bind(parent, seq).run();
    count_child(s, parent, kept.state, -1, kept.bytes);
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
}

std::optional<std::chrono::milliseconds> ttl_of(store& s, std::int64_t seq) {
    query q(s.db, "SELECT kind, name, options FROM infra_jobs WHERE seq = ?1");
    q.bind(seq).step();
    return s.kinds.read(s.db, q, 0, 1, 2).options.ttl;
}

// Only one that waits for children: in front of its line, or delayed still. Its time to live begins.
void release(store& s, std::int64_t seq, wall_time now) {
    const auto job = find_row(s, seq);
    if (!job || job->state != job_state::waiting_children || !leave_place(s, *job->queue, seq))
        return;
    const auto due = job->place > to_unix_ms(now) ? std::optional(job->place) : std::nullopt;
    const auto ttl = ttl_of(s, seq);
    const auto start = due ? from_unix_ms(*due) : now;
    const auto expires_at = ttl ? std::optional(to_unix_ms(saturating_add(start, *ttl))) : job->expires_at;
    const auto state = due ? job_state::delayed : job_state::waiting;
    const auto place = due ? *due : -s.queues.next_number();
    query(s.db, "UPDATE infra_jobs SET state = ?2, place = ?3, expires_at = ?4, waiting_since = ?5 WHERE seq = ?1")
        .bind(seq, static_cast<int>(state), place, expires_at, due.value_or(to_unix_ms(now)))
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
    query(s.db, "UPDATE infra_jobs SET state = 5, place = 0 WHERE seq = ?1").bind(seq).run();
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
    while (q.step())
        if (static_cast<child_failure>(q.integer(0)) == child_failure::continue_parent)
            all.released_early = true;
        else if (all.doomed_by.empty())
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

void release_if_done(store& s, std::int64_t parent, wall_time now) {
    if (const auto known = find_family(s, parent); !known || known->pending == 0)
        release(s, parent, now);
}

// --- forgetting ---------------------------------------------------------------------------------------------------

namespace {

void forget_children(store& s, std::int64_t seq) {
    query(s.db,
          "DELETE FROM infra_children WHERE parent = ?1 AND seq IN (SELECT seq FROM infra_children WHERE parent = "
          "?1 LIMIT ?2)")
        .bind(seq, most_at_once)
        .run();
    if (s.db.changes() < most_at_once) {
        query(s.db, "DELETE FROM infra_families WHERE seq = ?1").bind(seq).run();
        return;
    }
    query(s.db, "UPDATE infra_families SET waits = ?2 WHERE seq = ?1")
        .bind(seq, static_cast<int>(waiting::is_gone))
        .run();
    s.queues.set_family_gone(true);
}

} // namespace

void forget_family(store& s, std::int64_t seq, wall_time now) {
    if (find_family(s, seq))
        forget_children(s, seq);
    const auto parent = parent_row(s, seq);
    const auto kept = parent ? find_child(s, parent->seq, seq) : std::nullopt;
    if (!kept || kept->state != child_state::pending)
        return;
    drop_child(s, parent->seq, seq, *kept);
    release_if_done(s, parent->seq, now);
}

void sweep_families(store& s) {
    if (!s.queues.has_family_gone())
        return;
    std::optional<std::int64_t> gone;
    {
        query q(s.db, "SELECT seq FROM infra_families WHERE waits = 2 LIMIT 1");
        if (q.step())
            gone = q.integer(0);
    }
    if (gone)
        forget_children(s, *gone);
    else
        s.queues.set_family_gone(false);
}

// --- what people do -----------------------------------------------------------------------------------------------

std::int64_t forgive_children(store& s, std::int64_t seq) {
    const auto known = s.queues.has_families() ? find_family(s, seq) : std::nullopt;
    if (!known)
        return 0;
    query(s.db, "UPDATE infra_children SET on_failure = 2 WHERE parent = ?1 AND state = 2 AND on_failure = 0")
        .bind(seq)
        .run();
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
