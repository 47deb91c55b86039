#include "deduplication.hpp"
#include "families.hpp"
#include "look.hpp"
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

void write_reason(store& s, std::int64_t seq, std::string_view reason) {
    query(s.db, "UPDATE infra_jobs SET state = 0, failed_reason = ?2, waiting_since = NULL WHERE seq = ?1")
        .bind(seq, reason)
        .run();
}

// Gives the parent that is to fail because of it.
std::optional<doomed_parent> fail_one(store& s, ledger::row& queue, std::int64_t seq, job_state from,
                                      std::string_view reason, wall_time at) {
    s.forget_beyond_kept();
    const auto job = read(s, seq);
    const job_end end{
        .seq = seq, .number = s.queues.next_number(), .finished_at = to_unix_ms(at), .marks = job_end::failed};
    write_reason(s, seq, reason);
    s.ended.add(s.db, end);
    s.queues.moved(queue, from, job_state::failed);
    note_end(s, queue, {seq, job.id, job_state::failed, at, reason});
    release_deduplication(s, queue, seq, at);
    auto doomed = tell_parent(s, {seq, job_key{queue.name, job.id}, false, reason, at});
    if (job.keep_failed.count != 0u) {
        s.order.add(queue.id, end.state(), end.number, seq);
        forget_beyond(s, queue, job_state::failed, job.keep_failed, at);
    } else {
        s.ended.remove(s.db, seq);
        forget_job(s, queue, seq, job_state::failed, at);
    }
    return doomed;
}

} // namespace

void fail_job(store& s, ledger::row& queue, std::int64_t seq, job_state from, std::string_view reason, wall_time at) {
    fail_parents(s, fail_one(s, queue, seq, from, reason, at), at);
}

namespace {

void put_off(store& s, std::int64_t seq) {
    query(s.db, "UPDATE infra_families SET fails = 1 WHERE seq = ?1").bind(seq).run();
    s.leave_families_to_claims();
}

} // namespace

void fail_parents(store& s, std::optional<doomed_parent> next, wall_time at) {
    for (std::int64_t depth = 0; next; ++depth) {
        if (s.take_side_work(s.side_work.units_of_a_parent) == 0 && depth >= s.side_work.parents_of_a_chain)
            return put_off(s, next->seq);
        const auto reason = std::move(next->reason);
        const auto job = find_row(s, next->seq);
        if (!job || !leave_place(s, *job->queue, job->seq)) // it runs, or is over
            return;
        next = fail_one(s, *job->queue, job->seq, job->state, reason, at);
    }
}

void leave_finished(store& s, const ledger::row& queue, const job_end& end) {
    s.order.remove(s.db, queue.id, end.state(), end.number, end.seq);
    s.ended.remove(s.db, end.seq);
}

void forget_job(store& s, ledger::row& queue, std::int64_t seq, job_state from, wall_time at) {
    if (s.queues.has_families())
        forget_family(s, seq, at);
    query(s.db, "DELETE FROM infra_jobs WHERE seq = ?1").bind(seq).run();
    if (s.queues.has_payloads())
        forget_payload(s, seq);
    if (s.queues.has_logs())
        forget_logs(s, seq);
    s.queues.removed(queue, from);
}

} // namespace infra::queue::sqlite
