#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

// SQL is written out for each state, since a partial index serves only a query that repeats its condition.
constexpr const char* oldest_completed =
    "SELECT seq FROM infra_jobs WHERE state = 3 AND queue = ?1 ORDER BY finished_at LIMIT ?2";
constexpr const char* oldest_failed =
    "SELECT seq FROM infra_jobs WHERE state = 4 AND queue = ?1 ORDER BY finished_at LIMIT ?2";
constexpr const char* old_completed =
    "SELECT seq FROM infra_jobs WHERE state = 3 AND queue = ?1 AND finished_at < ?3 ORDER BY finished_at LIMIT ?2";
constexpr const char* old_failed =
    "SELECT seq FROM infra_jobs WHERE state = 4 AND queue = ?1 AND finished_at < ?3 ORDER BY finished_at LIMIT ?2";

std::vector<std::int64_t> numbers(query& q) {
    std::vector<std::int64_t> all;
    while (q.step())
        all.push_back(q.integer(0));
    return all;
}

std::size_t forget(store& s, ledger::row& queue, job_state state, const std::vector<std::int64_t>& seqs) {
    for (const auto seq : seqs) {
        query(s.db, "DELETE FROM infra_jobs WHERE seq = ?1").bind(seq).run();
        forget_payload(s, seq);
        s.queues.removed(queue, state);
    }
    return seqs.size();
}

std::size_t forget_excess(store& s, ledger::row& queue, job_state state, std::size_t count) {
    const auto limit =
        static_cast<std::int64_t>(std::min<std::size_t>(count, std::numeric_limits<std::int64_t>::max()));
    const auto excess = std::min(queue.in(state)-limit, most_at_once);
    if (excess <= 0)
        return 0;
    query q(s.db, state == job_state::completed ? oldest_completed : oldest_failed);
    q.bind(queue.id, excess);
    return forget(s, queue, state, numbers(q));
}

std::size_t forget_old(store& s, ledger::row& queue, job_state state, std::chrono::seconds age, wall_time now) {
    query q(s.db, state == job_state::completed ? old_completed : old_failed);
    q.bind(queue.id, most_at_once, to_unix_ms(saturating_add(now, -age)));
    return forget(s, queue, state, numbers(q));
}

} // namespace

std::size_t forget_beyond(store& s, ledger::row& queue, job_state state, const keep& kept, wall_time now) {
    std::size_t forgotten = 0;
    if (kept.count)
        forgotten += forget_excess(s, queue, state, *kept.count);
    if (kept.age && queue.in(state) > 0)
        forgotten += forget_old(s, queue, state, *kept.age, now);
    return forgotten;
}

void forget_payload(store& s, std::int64_t seq) {
    query(s.db, "DELETE FROM infra_payloads WHERE seq = ?1").bind(seq).run();
}

std::size_t prune(store& s, const std::vector<prune_request>& requests) {
    std::size_t forgotten = 0;
    for (const auto& each : requests) {
        auto* queue = s.queues.find(each.queue);
        if (!queue)
            continue;
        forgotten += forget_beyond(s, *queue, job_state::completed, each.completed, each.now);
        forgotten += forget_beyond(s, *queue, job_state::failed, each.failed, each.now);
    }
    return forgotten;
}

} // namespace infra::queue::sqlite
