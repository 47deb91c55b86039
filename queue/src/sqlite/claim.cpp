#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

struct found_row {
    std::int64_t seq;
    std::int64_t queue;
    std::string id;
};

std::vector<found_row> due_rows(query& q) {
    std::vector<found_row> rows;
    while (q.step())
        rows.push_back({q.integer(0), q.integer(1), q.text(2)});
    return rows;
}

// A lease that ran out: the job stands in front of those that wait, for it has waited once already.
std::vector<job_key> rescue_expired(store& s, const claim_request& request) {
    std::vector<job_key> rescued;
    query expired(s.db, "SELECT seq, queue, id FROM infra_jobs WHERE state = 2 AND lease_until <= ?1 UNION ALL "
                        "SELECT seq, queue, id FROM infra_jobs WHERE state = 2 AND lease_until > ?2 LIMIT ?3");
    expired.bind(to_unix_ms(request.expired_before.value_or(request.now)),
                 to_unix_ms(saturating_add(request.now, longest_lease)), most_at_once);
    for (const auto& row : due_rows(expired)) {
        query(s.db,
              "UPDATE infra_jobs SET state = 0, place = ?2, stalls = stalls + 1, worker = NULL, lease_until = NULL "
              "WHERE seq = ?1")
            .bind(row.seq, -s.queues.next_number())
            .run();
        auto& queue = s.queues.find(row.queue);
        s.queues.moved(queue, job_state::active, job_state::waiting);
        s.touched.insert(queue.name);
        rescued.push_back({queue.name, row.id});
    }
    return rescued;
}

// A delay that is over: the job goes behind those that wait.
void promote_due(store& s, std::int64_t now) {
    query due(s.db,
              "SELECT seq, queue, id FROM infra_jobs WHERE state = 1 AND due_at <= ?1 ORDER BY due_at, seq LIMIT ?2");
    due.bind(now, most_at_once);
    for (const auto& row : due_rows(due)) {
        query(s.db, "UPDATE infra_jobs SET state = 0, place = ?2, due_at = NULL WHERE seq = ?1")
            .bind(row.seq, s.queues.next_number())
            .run();
        auto& queue = s.queues.find(row.queue);
        s.queues.moved(queue, job_state::delayed, job_state::waiting);
        s.touched.insert(queue.name);
    }
}

void read_payload(store& s, std::int64_t seq, claimed_job& into) {
    query q(
        s.db,
        "SELECT name, data, iif(carrier LIKE '{%', carrier, '{\"traceparent\":\"' || carrier || '\"}'), "
        "lifo, attempts, backoff, backoff_delay, backoff_max, backoff_jitter, timeout, "
        "keep_completed_count, keep_completed_age, keep_failed_count, keep_failed_age FROM infra_payloads WHERE seq = "
        "?1");
    if (!q.bind(seq).step())
        return;
    into.name = q.text(0);
    into.data = q.text(1);
    into.carrier = q.text(2); // version 1 stored a traceparent alone
    const auto priority = into.options.priority;
    into.options = read_options(q, 3);
    into.options.priority = priority;
}

claimed_job take(store& s, ledger::row& queue, std::int64_t seq, const claim_request& request) {
    claimed_job job;
    const auto now = to_unix_ms(request.now);
    {
        query q(s.db,
                "UPDATE infra_jobs SET state = 2, fence = fence + 1, worker = ?2, lease_until = ?3, started_at = ?4 "
                "WHERE seq = ?1 RETURNING id, fence, attempts_made, stalls, priority");
        q.bind(seq, request.worker, now + request.lease.count(), now).step();
        const auto fence = q.integer(1);
        job.held = {.job = {queue.name, q.text(0)},
                    .fence = static_cast<std::uint64_t>(fence),
                    .token = to_token({seq, fence})};
        job.attempts_made = static_cast<int>(q.integer(2));
        job.stalls = static_cast<int>(q.integer(3));
        job.options.priority = static_cast<int>(q.integer(4));
        q.run();
    }
    read_payload(s, seq, job);
    s.queues.moved(queue, job_state::waiting, job_state::active);
    return job;
}

void take_some(store& s, ledger::row& queue, std::size_t max, const claim_request& request,
               std::vector<claimed_job>& taken) {
    s.last_turn[queue.id] = ++s.turns;
    std::vector<std::int64_t> first;
    query q(s.db, "SELECT seq FROM infra_jobs WHERE state = 0 AND queue = ?1 ORDER BY priority, place LIMIT ?2");
    q.bind(queue.id, max);
    while (q.step())
        first.push_back(q.integer(0));
    for (const auto seq : first)
        taken.push_back(take(s, queue, seq, request));
}

// Each queue in turn, so that a long one does not keep the others waiting: first an equal share, then what is left. Who
// was not served for longest comes first.
void take_in_turns(store& s, const claim_request& request, std::vector<claimed_job>& taken) {
    std::vector<ledger::row*> busy;
    for (const auto& name : request.queues)
        if (auto* queue = s.queues.find(name); queue && queue->in(job_state::waiting) > 0)
            busy.push_back(queue);
    if (busy.empty())
        return;
    std::ranges::sort(busy, {}, [&s](const auto* queue) { return std::pair(s.last_turn[queue->id], queue->id); });
    const auto share = std::max<std::size_t>(1, request.max / busy.size());
    for (const auto most : {share, request.max})
        for (auto* queue : busy)
            if (const auto left = request.max - taken.size(); left > 0 && queue->in(job_state::waiting) > 0)
                take_some(s, *queue, std::min(left, most), request, taken);
}

std::optional<wall_time> next_due(store& s) {
    query q(s.db, "SELECT min(due_at) FROM (SELECT min(due_at) AS due_at FROM infra_jobs WHERE state = 1 UNION ALL "
                  "SELECT min(lease_until) FROM infra_jobs WHERE state = 2)");
    q.step();
    const auto due = q.maybe_integer(0);
    return due ? std::optional(from_unix_ms(*due)) : std::nullopt;
}

} // namespace

claim_result claim(store& s, const claim_request& request) {
    claim_result result;
    result.rescued = rescue_expired(s, request);
    promote_due(s, to_unix_ms(request.now));
    take_in_turns(s, request, result.jobs);
    if (result.jobs.size() < request.max)
        result.next_due = next_due(s);
    return result;
}

// Rescues nobody: it asks for that who knows how the wall clock has gone meanwhile.
claim_result claim_again(store& s, const claim_request& request) {
    claim_result result;
    take_in_turns(s, request, result.jobs);
    if (result.jobs.size() < request.max)
        result.next_due = next_due(s);
    return result;
}

bool may_claim(store& s, const claim_request& request) {
    const auto due = next_due(s);
    return (due && (!request.due || *due < *request.due)) || std::ranges::any_of(request.queues, [&](const auto& name) {
               const auto* queue = s.queues.find(name);
               return queue && queue->in(job_state::waiting) > 0;
           });
}

} // namespace infra::queue::sqlite
