#include "families.hpp"

#include "family_rows.hpp"
#include "jobs.hpp"

#include <utility>

namespace infra::queue::sqlite {
namespace {

job_row parent_that_is_stored(store& s, const child_of& by) {
    auto parent = find_row(s, by.parent);
    const auto* held = parent ? s.leases.find(parent->seq) : nullptr;
    const bool runs = held && (by.token.empty() || find_lease(s, by.token) == held);
    const bool waits = parent && parent->state == job_state::waiting_children && by.token.empty();
    if (!runs && !waits)
        throw no_parent_error(by.parent);
    return std::move(*parent);
}

void refuse_child(store& s, const job_row& parent, const job_row& child, const job_key& key) {
    if (const auto other = parent_row(s, child.seq); other && other->seq != parent.seq)
        throw other_parent_error(key);
    for (std::optional<job_row> above = parent; above; above = parent_row(s, above->seq))
        if (above->seq == child.seq)
            throw waits_for_itself_error(key);
}

void insert_child(store& s, const job_row& parent, std::int64_t seq, const job_key& key, child_failure on_failure) {
    const auto known = find_family(s, parent.seq);
    if (!known)
        begin_family(s, *parent.queue, parent.seq, false);
    else if (std::cmp_greater_equal(known->total(), max_children))
        throw too_many_children_error({parent.queue->name, parent.id});
    query(s.db, "UPDATE infra_jobs SET parent = ?2 WHERE seq = ?1").bind(seq, parent.seq).run();
    query(s.db,
          "INSERT INTO infra_children (parent, seq, queue, id, on_failure) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT "
          "DO NOTHING")
        .bind(parent.seq, seq, key.queue, key.id, static_cast<int>(on_failure))
        .run();
    if (s.db.changes() > 0)
        count_child(s, parent.seq, child_state::pending, 1);
}

// A child that is over ends for this parent now.
void adopt(store& s, const job_row& parent, const job_key& key, child_failure on_failure, wall_time now) {
    const auto child = find_row(s, key).value();
    refuse_child(s, parent, child, key);
    insert_child(s, parent, child.seq, key, on_failure);
    if (!is_over(child))
        return;
    const auto info = find_job(s, child.seq).value();
    const bool completed = info.state == job_state::completed;
    auto doomed = tell_parent(s, {child.seq, key, completed, completed ? info.result : info.failed_reason, now});
    fail_parents(s, std::move(doomed), now);
}

/// A job of the call that has been added.
struct placed {
    std::optional<job_row> parent{}; ///< as which its children see it; empty: it gets none
    added_job added{};
};

placed add_member(store& s, const new_job& job, bool is_parent, const std::vector<placed>& before) {
    std::optional<job_row> parent;
    if (job.parent && job.parent->parent.id.empty() && !before[job.parent->place].parent)
        return {.added = {.id = job.id, .how = addition::left_out}};
    if (job.parent)
        parent =
            job.parent->parent.id.empty() ? before[job.parent->place].parent : parent_that_is_stored(s, *job.parent);
    placed made{.added = add_job(s, s.queues.get(s.db, job.queue), job, is_parent)};
    const job_key key{job.queue, made.added.id};
    if (parent && made.added.how == addition::existed)
        adopt(s, *parent, key, job.parent->on_failure, job.created_at);
    const auto row = made.added.created() ? find_row(s, key) : std::nullopt;
    if (parent && row)
        insert_child(s, *parent, row->seq, key, job.parent->on_failure);
    if (is_parent)
        made.parent = row;
    return made;
}

} // namespace

std::vector<added_job> add_families(store& s, const std::vector<new_job>& jobs) {
    s.put_in_line();
    s.queues.family_added();
    const auto is_parent = parents_in(jobs);
    std::vector<placed> all;
    for (std::size_t i = 0; i < jobs.size(); ++i)
        all.push_back(add_member(s, jobs[i], is_parent[i], all));
    std::vector<added_job> added;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (all[i].parent)
            release_if_done(s, all[i].parent->seq, jobs[i].created_at); // its children may all be duplicates, or over
        added.push_back(std::move(all[i].added));
    }
    return added;
}

} // namespace infra::queue::sqlite
