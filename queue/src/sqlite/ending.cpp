#include "deduplication.hpp"
#include "traces.hpp"

namespace infra::queue::sqlite {
namespace {

struct known_job {
    keep keep_failed{};
    job_id id{};
};

known_job read(store& s, std::int64_t seq) {
    query q(s.db, "SELECT kind, name, options, id FROM infra_jobs WHERE seq = ?1");
    q.bind(seq).step();
    return {s.kinds.read(s.db, q, 0, 1, 2).options.keep_failed, id_of(q, 3, seq)};
}

void write_end(store& s, std::int64_t seq, std::int64_t number, std::string_view reason, std::int64_t at) {
    query(s.db, "UPDATE infra_jobs SET state = 4, place = ?2, finished_at = ?3, failed_reason = ?4 WHERE seq = ?1")
        .bind(seq, number, at, reason)
        .run();
}

void stand_with_failed(store& s, ledger::row& queue, std::int64_t seq, std::int64_t number, job_state from,
                       std::int64_t at) {
    query(s.db, "INSERT INTO infra_finished (queue, state, number, seq, finished_at) VALUES (?1, 4, ?2, ?3, ?4)")
        .bind(queue.id, number, seq, at)
        .run();
    s.queues.moved(queue, from, job_state::failed);
}

} // namespace

void fail_job(store& s, ledger::row& queue, std::int64_t seq, job_state from, std::string_view reason, wall_time at) {
    const auto job = read(s, seq);
    const auto number = s.queues.next_number();
    write_end(s, seq, number, reason, to_unix_ms(at));
    note_end(s, queue, {seq, job.id, job_state::failed, at, reason});
    release_deduplication(s, queue, seq, at);
    if (job.keep_failed.count == 0u)
        return forget_job(s, queue, seq, from);
    stand_with_failed(s, queue, seq, number, from, to_unix_ms(at));
    forget_beyond(s, queue, job_state::failed, job.keep_failed, at);
}

void forget_job(store& s, ledger::row& queue, std::int64_t seq, job_state from) {
    query(s.db, "DELETE FROM infra_jobs WHERE seq = ?1").bind(seq).run();
    if (s.queues.has_payloads())
        forget_payload(s, seq);
    if (s.queues.has_logs())
        forget_logs(s, seq);
    s.queues.removed(queue, from);
}

} // namespace infra::queue::sqlite
