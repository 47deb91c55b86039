#include "families.hpp"

#include "family_rows.hpp"
#include "jobs.hpp"

#include <map>
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
    if (!known) // the child has replaced its parent
        return;
    if (std::cmp_greater(known->total(), max_children)) // with the one that holds it
        throw too_many_children_error({parent.queue->name, parent.id});
    query(s.db, "UPDATE infra_jobs SET parent = ?2 WHERE seq = ?1").bind(seq, parent.seq).run();
    query(s.db,
          "INSERT INTO infra_children (parent, seq, queue, id, on_failure) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT "
          "DO NOTHING")
        .bind(parent.seq, seq, key.queue, key.id, static_cast<int>(on_failure))
        .run();
    if (s.db.changes() == 0) // it is one already
        return;
    count_child(s, parent.seq, child_state::pending, 1);
    note_change(s, parent.seq);
}

// One that is over ends for this parent now; the parent is given if it is to fail because of that. What would leave no trace
// is no child.
std::optional<doomed_parent> adopt(store& s, const job_row& parent, const job_key& key, child_failure on_failure,
                                   wall_time now) {
    const auto child = find_row(s, key).value();
    refuse_child(s, parent, child, key);
    if (!is_over(child)) {
        insert_child(s, parent, child.seq, key, on_failure);
        return std::nullopt;
    }
    const auto info = find_job(s, child.seq).value();
    const bool completed = info.state == job_state::completed;
    if (!end_of_child(completed, on_failure).kept)
        return std::nullopt;
    insert_child(s, parent, child.seq, key, on_failure);
    return tell_parent(s, {child.seq, key, completed, completed ? info.result : info.failed_reason, now});
}

/// Parents that get children in this call. Each waits for one more than it has, which is nobody, until all have come:
/// otherwise one whose first child is over would be released before its second is added. And none fails before, or whether
/// its other children are added would depend on whether it is kept.
class held_parents {
public:
    explicit held_parents(store& s) : s_(s) {}

    void hold(const job_row& parent, wall_time now) {
        if (!held_.emplace(parent.seq, now).second)
            return;
        if (!find_family(s_, parent.seq))
            begin_family(s_, *parent.queue, parent.seq, false);
        count_child(s_, parent.seq, child_state::pending, 1);
    }
    void is_to_fail(std::optional<doomed_parent> parent, wall_time now) {
        if (parent)
            doomed_.emplace_back(std::move(*parent), now);
    }
    /// Those whose children are all duplicates, or over, wait no longer.
    void let_go() {
        for (auto& [parent, now] : doomed_)
            fail_parents(s_, std::move(parent), now);
        for (const auto& [seq, now] : held_) {
            count_child(s_, seq, child_state::pending, -1);
            release_if_done(s_, seq, now);
        }
    }

private:
    store& s_;
    std::map<std::int64_t, wall_time> held_; // with when their first child came
    std::vector<std::pair<doomed_parent, wall_time>> doomed_;
};

/// A job of the call that has been added.
struct placed {
    std::optional<std::int64_t> parent{}; ///< as which its children know it; empty: it gets none
    added_job added{};
};

// Empty: it gets none, since it was there before.
std::optional<job_row> parent_of_call(store& s, const placed& by) {
    return by.parent ? find_row(s, *by.parent) : std::nullopt;
}

placed add_member(store& s, const new_job& job, bool is_parent, const std::vector<placed>& before, held_parents& held) {
    std::optional<job_row> parent;
    if (job.parent) {
        const auto& by = *job.parent;
        parent = by.parent.id.empty() ? parent_of_call(s, before[by.place]) : parent_that_is_stored(s, by);
        if (!parent)
            return {.added = {.id = job.id, .how = addition::left_out}};
        held.hold(*parent, job.created_at);
    }
    placed made{.added = add_job(s, s.queues.get(s.db, job.queue), job, is_parent)};
    const job_key key{job.queue, made.added.id};
    if (parent && made.added.how == addition::existed)
        held.is_to_fail(adopt(s, *parent, key, job.parent->on_failure, job.created_at), job.created_at);
    const auto row = made.added.created() ? find_row(s, key) : std::nullopt;
    if (parent && row)
        insert_child(s, *parent, row->seq, key, job.parent->on_failure);
    if (is_parent && row) {
        made.parent = row->seq;
        held.hold(*row, job.created_at);
    }
    return made;
}

} // namespace

std::vector<added_job> add_families(store& s, const std::vector<new_job>& jobs) {
    s.put_in_line();
    s.queues.family_added();
    const auto is_parent = parents_in(jobs);
    held_parents held(s);
    std::vector<placed> all;
    for (std::size_t i = 0; i < jobs.size(); ++i)
        all.push_back(add_member(s, jobs[i], is_parent[i], all, held));
    held.let_go();
    std::vector<added_job> added;
    for (auto& each : all)
        added.push_back(std::move(each.added));
    return added;
}

} // namespace infra::queue::sqlite
