#include "deduplication.hpp"
#include "families.hpp"
#include "groups.hpp"
#include "look.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <map>

namespace infra::queue::sqlite {
namespace {

/// Where the job will be, as its row says it.
struct beginning {
    std::int64_t seq = 0;
    job_state state = job_state::waiting;
    std::int64_t place = 0; // among those that wait, or when it is due
};

beginning begin(store& s, const new_job& job, bool is_parent) {
    const auto seq = s.queues.next_seq();
    if (is_parent)
        return {seq, job_state::waiting_children, job.run_at ? to_due_ms(*job.run_at) : 0};
    if (job.run_at)
        return {seq, job_state::delayed, to_due_ms(*job.run_at)};
    const auto number = s.queues.next_number();
    return {seq, job_state::waiting, job.options.lifo ? -number : number};
}

// False if the id is there.
bool insert_job(store& s, const ledger::row& queue, const new_job& job, const beginning& at) {
    const auto& kind = s.kinds.get(s.db, job.name, job.options);
    const bool has_number = kind.id != 0, is_large = job.data.size() > most_inline_bytes;
    const auto options = has_number ? std::string() : to_text(kind.options);
    if (!job.id.empty()) // it may be free by now
        s.forget_beyond_kept();
    query(s.db,
          "INSERT INTO infra_jobs (seq, queue, id, state, priority, place, kind, name, options, created_at, data, "
          "carrier) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING")
        .bind(at.seq, queue.id, non_empty(job.id), static_cast<int>(at.state), job.options.priority, at.place,
              has_number ? std::optional(kind.id) : std::nullopt,
              has_number ? std::nullopt : std::optional(std::string_view(kind.name)), non_empty(options),
              to_unix_ms(job.created_at), is_large ? std::nullopt : std::optional(std::string_view(job.data)),
              non_empty(job.carrier))
        .run();
    return s.db.changes() > 0;
}

void insert_payload(store& s, const new_job& job, std::int64_t seq) {
    query(s.db, "INSERT INTO infra_payloads (seq, data) VALUES (?1, ?2)").bind(seq, job.data).run();
    s.queues.payload_added();
}

job_id id_of(const new_job& job, std::int64_t seq) { return job.id.empty() ? std::to_string(seq) : job.id; }

// Whoever claims in this transaction may take it as it is.
void keep_at_hand(store& s, ledger::row& queue, const new_job& job, const beginning& at) {
    s.fresh.push_back({.queue = &queue,
                       .where = {job.options.priority, at.place, at.seq},
                       .job = {.held = {.job = {queue.name, id_of(job, at.seq)}},
                               .name = job.name,
                               .data = job.data,
                               .options = job.options,
                               .carrier = job.carrier,
                               .waiting_since = job.created_at},
                       .is_deduplicated = job.deduplicate.has_value()});
    s.brought_work = true;
}

// What few jobs have is written afterwards, so that the others need not name it.
void insert_extras(store& s, const new_job& job, std::int64_t seq, std::optional<std::int64_t> expires_at) {
    const auto id = job.deduplicate ? std::optional(std::string_view(job.deduplicate->id)) : std::nullopt;
    query(s.db, "UPDATE infra_jobs SET expires_at = ?2, deduplication = ?3, grp = ?4 WHERE seq = ?1")
        .bind(seq, expires_at, id, non_empty(job.group))
        .run();
    if (!job.group.empty())
        s.queues.group_added();
}

// Its number; empty if the id is there.
std::optional<std::int64_t> insert(store& s, ledger::row& queue, const new_job& job, bool is_parent) {
    const auto at = begin(s, job, is_parent);
    if (!insert_job(s, queue, job, at))
        return std::nullopt;
    if (job.data.size() > most_inline_bytes)
        insert_payload(s, job, at.seq);
    const auto expires_at = job.expires_at ? std::optional(to_unix_ms(*job.expires_at)) : std::nullopt;
    if (expires_at || job.deduplicate || !job.group.empty())
        insert_extras(s, job, at.seq, expires_at);
    if (at.state == job_state::waiting_children)
        begin_family(s, queue, at.seq, true);
    else if (at.state == job_state::delayed)
        set_aside(s, queue, at.place, at.seq);
    else if (s.claims_follow && !expires_at && job.group.empty())
        keep_at_hand(s, queue, job, at);
    else
        stand_in_line(s, queue, {job.options.priority, at.place, at.seq, expires_at});
    s.queues.added(queue, at.state);
    if (s.events.is_followed(queue.id, job.created_at))
        record(s, queue, job_event::kind::added, id_of(job, at.seq), job.created_at);
    if (is_parent)
        record(s, queue, job_event::kind::waiting_children, id_of(job, at.seq), job.created_at);
    return at.seq;
}

added_job result_of(const new_job& job, std::optional<std::int64_t> seq, addition how = addition::created) {
    if (!seq)
        return {.id = job.id, .how = addition::existed};
    return {.id = id_of(job, *seq), .how = how};
}

bool has_id(store& s, const ledger::row& queue, const job_id& id) {
    if (id.empty())
        return false;
    s.forget_beyond_kept();
    query q(s.db, "SELECT 1 FROM infra_jobs WHERE id = ?1 AND queue = ?2");
    return q.bind(id, queue.id).step();
}

added_job add_unless_duplicate(store& s, ledger::row& queue, const new_job& job, bool is_parent) {
    if (has_id(s, queue, job.id))
        return {.id = job.id, .how = addition::existed};
    const auto judged = judge(s, queue, job);
    if (judged.how == addition::deduplicated)
        return {.id = judged.holder, .how = judged.how};
    const auto seq = insert(s, queue, job, is_parent);
    hold(s, queue, job, seq.value(), judged.until);
    return result_of(job, seq, judged.how);
}

bool adds_nothing(store& s, const ledger::row* queue, const new_job& job) {
    return queue && (has_id(s, *queue, job.id) || is_duplicate(s, *queue, job));
}

// Before anything is added, since all are or none. What would add nothing needs no room, nor do its children.
void refuse_beyond_length(store& s, const std::vector<new_job>& jobs) {
    std::map<const ledger::row*, std::int64_t> more;
    std::vector<bool> gets_none;
    for (const auto& job : jobs) {
        const auto* queue = s.queues.find(job.queue);
        const bool is_there = adds_nothing(s, queue, job);
        const bool is_left_out = job.parent && job.parent->parent.id.empty() && gets_none[job.parent->place];
        gets_none.push_back(is_left_out || (is_there && (has_id(s, *queue, job.id) || !replaces(s, *queue, job))));
        if (queue && queue->flow.settings.max_length > 0)
            more[queue] += !is_left_out && !is_there;
    }
    for (const auto& [queue, number] : more) {
        const auto most = queue->flow.settings.max_length;
        const auto there =
            queue->in(job_state::waiting) + queue->in(job_state::delayed) + queue->in(job_state::waiting_children);
        if (number > 0 && static_cast<std::size_t>(there + number) > most)
            throw full_error(queue->name, most);
    }
}

} // namespace

added_job add_job(store& s, ledger::row& queue, const new_job& job, bool is_parent) {
    return job.deduplicate ? add_unless_duplicate(s, queue, job, is_parent)
                           : result_of(job, insert(s, queue, job, is_parent));
}

std::vector<added_job> enqueue(store& s, const std::vector<new_job>& jobs) {
    const bool has_families = std::ranges::any_of(jobs, [](const new_job& job) { return job.parent.has_value(); });
    if (has_families)
        check_families(jobs);
    if (s.queues.limits_some())
        refuse_beyond_length(s, jobs);
    std::vector<added_job> added;
    if (has_families) {
        added = add_families(s, jobs);
    } else {
        added.reserve(jobs.size());
        for (const auto& job : jobs)
            added.push_back(add_job(s, s.queues.get(s.db, job.queue), job));
    }
    s.refuse_if_too_large();
    return added;
}

} // namespace infra::queue::sqlite
