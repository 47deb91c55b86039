#include "restore.hpp"

#include "deduplication.hpp"
#include "families.hpp"
#include "family_rows.hpp"
#include "verbs.hpp"

#include "../is_over.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace infra::queue::sqlite {
namespace {

std::optional<std::int64_t> ms_of(const std::optional<wall_time>& at) {
    return at ? std::optional(to_unix_ms(*at)) : std::nullopt;
}

void refuse_unless_paused(store& s, const std::string& queue) {
    const auto* known = s.queues.find(queue);
    if (!known || !known->flow.settings.paused)
        throw not_paused_error(queue);
}

// --- one job ------------------------------------------------------------------------------------------------------

// It holds its deduplication as it did, and not as a new one would.
new_job to_add(const carried_job& job) {
    auto added = as_added(job);
    added.deduplicate.reset();
    if (job.known.state != job_state::delayed && job.known.state != job_state::waiting_children)
        added.run_at.reset();
    return added;
}

void write_row(store& s, std::int64_t seq, const carried_job& carried) {
    const auto& job = carried.known;
    query(s.db,
          "UPDATE infra_jobs SET attempts_made = ?2, stalls = ?3, fence = ?4, started_at = ?5, failed_reason = ?6, "
          "result = ?7, progress = ?8, deduplication = ?9, handed_on = ?10 WHERE seq = ?1")
        .bind(seq, job.attempts_made, job.stalls, static_cast<std::int64_t>(job.fence), ms_of(job.started_at),
              non_empty(job.failed_reason), non_empty(job.result), non_empty(job.progress),
              non_empty(job.deduplication_id), non_empty(carried.handed_on))
        .run();
}

void write_errors(store& s, std::int64_t seq, const std::vector<job_error>& errors) {
    for (const auto& each : errors)
        query(s.db,
              "UPDATE infra_jobs SET errors = json_insert(coalesce(errors, '[]'), '$[#]', json_array(?2, ?3, ?4)) "
              "WHERE seq = ?1")
            .bind(seq, each.attempt, to_unix_ms(each.at), each.reason)
            .run();
}

void write_log(store& s, std::int64_t seq, const std::vector<log_line>& lines) {
    std::int64_t number = 0;
    for (const auto& line : lines)
        query(s.db, "INSERT INTO infra_logs (seq, number, at, text) VALUES (?1, ?2, ?3, ?4)")
            .bind(seq, ++number, to_unix_ms(line.at), line.text)
            .run();
    if (!lines.empty())
        s.queues.log_added();
}

void hold_as_before(store& s, const ledger::row& queue, const carried_job& job, std::int64_t seq) {
    if (job.holds_deduplication && !job.known.deduplication_id.empty())
        query(s.db, "INSERT INTO infra_deduplications (queue, id, seq, job_id, until) VALUES (?1, ?2, ?3, ?4, ?5) ON "
                    "CONFLICT DO NOTHING")
            .bind(queue.id, job.known.deduplication_id, seq, job.known.id, ms_of(job.held_until))
            .run();
}

// Its place was given by its options; it may have come to stand elsewhere since.
void stand_as_before(store& s, ledger::row& queue, const carried_job& job, std::int64_t seq) {
    if (job.known.state != job_state::waiting || job.in_front == job.known.options.lifo)
        return;
    leave_place(s, queue, seq);
    const auto number = s.queues.next_number();
    const auto place = job.in_front ? -number : number;
    query(s.db, "UPDATE infra_jobs SET place = ?2 WHERE seq = ?1").bind(seq, place).run();
    stand_in_line(s, queue, {job.known.options.priority, place, seq, ms_of(job.known.expires_at)});
}

void end_as_before(store& s, ledger::row& queue, const job_info& job, std::int64_t seq) {
    leave_place(s, queue, seq);
    const bool has_failed = job.state == job_state::failed;
    const job_end end{.seq = seq,
                      .number = s.queues.next_number(),
                      .finished_at = to_unix_ms(job.finished_at.value_or(job.created_at)),
                      .marks = has_failed ? job_end::failed : 0};
    s.ended.add(s.db, end);
    s.queues.moved(queue, job_state::waiting, job.state);
    s.order.add(queue.id, job.state, end.number, seq);
}

bool restore_job(store& s, const carried_job& job) {
    const job_key key{job.known.queue, job.known.id};
    if (find_row(s, key))
        return false;
    if (const auto number = given_number(key.id)) // none that comes later gets it
        s.queues.pass_seq(*number);
    s.queues.pass_number(static_cast<std::int64_t>(job.known.fence)); // its next lease has a greater one
    auto& queue = s.queues.get(s.db, key.queue);
    add_job(s, queue, to_add(job), job.known.state == job_state::waiting_children);
    const auto seq = find_row(s, key).value().seq;
    write_row(s, seq, job);
    write_errors(s, seq, job.known.errors);
    write_log(s, seq, job.log);
    hold_as_before(s, queue, job, seq);
    if (is_over(job.known))
        end_as_before(s, queue, job.known, seq);
    else
        stand_as_before(s, queue, job, seq);
    return true;
}

// --- children -----------------------------------------------------------------------------------------------------

struct known_child {
    std::int64_t seq = 0;
    child_row row{};
};

using known_children = std::map<std::pair<std::string, job_id>, known_child>;

// All at once, since no index finds one by its id.
known_children read_known(store& s, std::int64_t parent) {
    query q(s.db, "SELECT seq, queue, id, state, on_failure, coalesce(length(CAST(result AS BLOB)), 0) + "
                  "coalesce(length(CAST(failed_reason AS BLOB)), 0) FROM infra_children WHERE parent = ?1");
    q.bind(parent);
    known_children all;
    while (q.step())
        all[{q.text(1), q.text(2)}] = {
            q.integer(0),
            {static_cast<child_state>(q.integer(3)), static_cast<child_failure>(q.integer(4)), q.integer(5)}};
    return all;
}

void forget_child(store& s, std::int64_t parent, const known_child& child) {
    query(s.db, "DELETE FROM infra_children WHERE parent = ?1 AND seq = ?2").bind(parent, child.seq).run();
    count_child(s, parent, child.row.state, -1, child.row.bytes);
}

// The numbers of children that are there are theirs; of one that is gone, none that anybody else has.
std::int64_t number_of_child(store& s, std::int64_t parent, const job_key& child) {
    const auto row = find_row(s, child);
    if (!row)
        return s.queues.next_seq();
    query(s.db, "UPDATE infra_jobs SET parent = ?2 WHERE seq = ?1").bind(row->seq, parent).run();
    return row->seq;
}

void restore_child(store& s, std::int64_t parent, const child_info& child, const known_children& before) {
    if (const auto known = before.find({child.job.queue, child.job.id}); known != before.end())
        forget_child(s, parent, known->second);
    query(s.db, "INSERT INTO infra_children (parent, seq, queue, id, on_failure, state, result, failed_reason) VALUES "
                "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        .bind(parent, number_of_child(s, parent, child.job), child.job.queue, child.job.id,
              static_cast<int>(child.on_failure), static_cast<int>(child.state), non_empty(child.result),
              non_empty(child.failed_reason))
        .run();
    count_child(s, parent, child.state, 1, std::ssize(child.result) + std::ssize(child.failed_reason));
}

} // namespace

std::vector<bool> restore(store& s, const std::vector<carried_job>& jobs) {
    std::vector<bool> restored;
    for (const auto& each : jobs) {
        refuse_unless_paused(s, each.known.queue);
        restored.push_back(restore_job(s, each));
    }
    s.refuse_if_too_large();
    return restored;
}

void restore_children(store& s, const job_key& parent, const std::vector<child_info>& children) {
    refuse_unless_paused(s, parent.queue);
    const auto row = find_row(s, parent);
    if (!row)
        return;
    if (!find_family(s, row->seq))
        begin_family(s, *row->queue, row->seq, row->state == job_state::waiting_children);
    const auto before = read_known(s, row->seq);
    for (const auto& each : children)
        restore_child(s, row->seq, each, before);
    s.refuse_if_too_large();
}

} // namespace infra::queue::sqlite
