#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

// False if the id is there.
bool insert_job(store& s, ledger::row& queue, const new_job& job, const job_id& id, std::int64_t seq) {
    const bool delayed = job.run_at.has_value();
    query q(
        s.db,
        "INSERT INTO infra_jobs (seq, queue, id, state, priority, place, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
        "ON CONFLICT (id, queue) DO NOTHING");
    q.bind(seq, queue.id, id, static_cast<int>(delayed ? job_state::delayed : job_state::waiting), job.options.priority,
           job.options.lifo ? -seq : seq, delayed ? std::optional(to_due_ms(*job.run_at)) : std::nullopt);
    q.run();
    return s.db.changes() > 0;
}

template <class T>
std::optional<std::int64_t> number(const std::optional<T>& value) {
    if (!value)
        return std::nullopt;
    if constexpr (requires { value->count(); })
        return static_cast<std::int64_t>(value->count());
    else
        return static_cast<std::int64_t>(*value);
}

void insert_payload(store& s, const new_job& job, std::int64_t seq) {
    const auto& o = job.options;
    const bool limited = o.backoff.max != std::chrono::milliseconds::max();
    query(s.db,
          "INSERT INTO infra_payloads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")
        .bind(seq, job.name, job.data,
              job.carrier.empty() ? std::nullopt : std::optional(std::string_view(job.carrier)),
              to_unix_ms(job.created_at), static_cast<int>(o.lifo), o.attempts, static_cast<int>(o.backoff.type),
              o.backoff.delay.count(), limited ? std::optional(o.backoff.max.count()) : std::nullopt, o.backoff.jitter,
              number(o.timeout), number(o.keep_completed.count), number(o.keep_completed.age),
              number(o.keep_failed.count), number(o.keep_failed.age))
        .run();
}

} // namespace

std::vector<added_job> enqueue(store& s, const std::vector<new_job>& jobs) {
    std::vector<added_job> added;
    added.reserve(jobs.size());
    for (const auto& job : jobs) {
        auto& queue = s.queues.get(s.db, job.queue);
        const auto seq = s.queues.next_number();
        auto id = job.id.empty() ? std::to_string(seq) : job.id;
        const bool created = insert_job(s, queue, job, id, seq);
        if (created) {
            insert_payload(s, job, seq);
            s.queues.added(queue, job.run_at ? job_state::delayed : job_state::waiting);
            s.touched.insert(job.queue);
        }
        added.push_back({.id = std::move(id), .created = created});
    }
    s.refuse_if_too_large();
    return added;
}

} // namespace infra::queue::sqlite
