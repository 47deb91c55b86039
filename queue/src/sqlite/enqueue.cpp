#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

std::optional<std::string_view> non_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(std::string_view(text));
}

/// Where the job will be, as its row says it.
struct beginning {
    std::int64_t seq = 0;
    job_state state = job_state::waiting;
    std::int64_t place = 0; // among those that wait, or when it is due
};

beginning begin(store& s, const new_job& job) {
    const auto seq = s.queues.next_seq();
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

// Whoever claims in this transaction may take it as it is.
void keep_at_hand(store& s, ledger::row& queue, const new_job& job, const job_id& id, const beginning& at) {
    s.fresh.push_back({.queue = &queue,
                       .where = {job.options.priority, at.place, at.seq},
                       .job = {.held = {.job = {queue.name, id}},
                               .name = job.name,
                               .data = job.data,
                               .options = job.options,
                               .carrier = job.carrier}});
    s.brought_work = true;
}

added_job add(store& s, ledger::row& queue, const new_job& job) {
    const auto at = begin(s, job);
    if (!insert_job(s, queue, job, at))
        return {.id = job.id, .how = addition::existed};
    if (job.data.size() > most_inline_bytes)
        insert_payload(s, job, at.seq);
    auto id = job.id.empty() ? std::to_string(at.seq) : job.id;
    if (at.state == job_state::delayed)
        set_aside(s, queue, at.place, at.seq);
    else if (s.claims_follow)
        keep_at_hand(s, queue, job, id, at);
    else
        stand_in_line(s, queue, {job.options.priority, at.place, at.seq});
    s.queues.added(queue, at.state);
    return {.id = std::move(id)};
}

} // namespace

std::vector<added_job> enqueue(store& s, const std::vector<new_job>& jobs) {
    std::vector<added_job> added;
    added.reserve(jobs.size());
    for (const auto& job : jobs)
        added.push_back(add(s, s.queues.get(s.db, job.queue), job));
    s.refuse_if_too_large();
    return added;
}

} // namespace infra::queue::sqlite
