#include "deduplication.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

// The oldest stand in a row, so that they are forgotten up to a number by two statements, however many they are.
std::size_t forget_up_to(store& s, ledger::row& queue, job_state state, std::int64_t number) {
    const auto of = static_cast<int>(state);
    if (s.queues.has_payloads())
        query(s.db,
              "DELETE FROM infra_payloads WHERE seq IN (SELECT seq FROM infra_finished WHERE queue = ?1 AND state = "
              "?2 AND number <= ?3)")
            .bind(queue.id, of, number)
            .run();
    if (s.queues.has_logs())
        query(s.db,
              "DELETE FROM infra_logs WHERE seq IN (SELECT seq FROM infra_finished WHERE queue = ?1 AND state = ?2 "
              "AND number <= ?3)")
            .bind(queue.id, of, number)
            .run();
    query(s.db,
          "DELETE FROM infra_jobs WHERE seq IN (SELECT seq FROM infra_finished WHERE queue = ?1 AND state = ?2 AND "
          "number <= ?3)")
        .bind(queue.id, of, number)
        .run();
    query(s.db, "DELETE FROM infra_finished WHERE queue = ?1 AND state = ?2 AND number <= ?3")
        .bind(queue.id, of, number)
        .run();
    const auto forgotten = s.db.changes();
    s.queues.removed(queue, state, forgotten);
    return static_cast<std::size_t>(forgotten);
}

std::size_t forget_excess(store& s, ledger::row& queue, job_state state, std::size_t count, std::int64_t most) {
    const auto limit =
        static_cast<std::int64_t>(std::min<std::size_t>(count, std::numeric_limits<std::int64_t>::max()));
    const auto excess = std::min(queue.in(state)-limit, most);
    if (excess <= 0)
        return 0;
    query last(s.db,
               "SELECT number FROM infra_finished WHERE queue = ?1 AND state = ?2 ORDER BY number LIMIT 1 OFFSET ?3");
    if (!last.bind(queue.id, static_cast<int>(state), excess - 1).step())
        return 0;
    const auto number = last.integer(0);
    last.reset();
    return forget_up_to(s, queue, state, number);
}

std::size_t forget_old(store& s, ledger::row& queue, job_state state, std::chrono::seconds age, wall_time now,
                       std::int64_t most) {
    const auto oldest = to_unix_ms(saturating_add(now, -age));
    std::optional<std::int64_t> last;
    {
        query q(s.db, "SELECT number, finished_at FROM infra_finished WHERE queue = ?1 AND state = ?2 ORDER BY number "
                      "LIMIT ?3");
        q.bind(queue.id, static_cast<int>(state), most);
        while (q.step() && q.integer(1) < oldest)
            last = q.integer(0);
    }
    return last ? forget_up_to(s, queue, state, *last) : 0;
}

} // namespace

std::size_t forget_beyond(store& s, ledger::row& queue, job_state state, const keep& kept, wall_time now,
                          std::int64_t most) {
    std::size_t forgotten = 0;
    if (kept.count)
        forgotten += forget_excess(s, queue, state, *kept.count, most);
    if (kept.age && queue.in(state) > 0)
        forgotten += forget_old(s, queue, state, *kept.age, now, most);
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
    if (!requests.empty())
        forget_past_deduplications(s, std::ranges::max(requests, {}, &prune_request::now).now);
    return forgotten;
}

} // namespace infra::queue::sqlite
