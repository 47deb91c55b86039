#include "deduplication.hpp"
#include "families.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

// Numbers that follow each other are deleted together: those that finished together came together.
void delete_rows(store& s, const std::vector<std::int64_t>& sorted) {
    query q(s.db, "DELETE FROM infra_jobs WHERE seq BETWEEN ?1 AND ?2");
    for (std::size_t i = 0; i < sorted.size();) {
        auto last = i;
        while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1)
            ++last;
        q.bind(sorted[i], sorted[last]).run();
        i = last + 1;
    }
}

void forget_oldest(store& s, ledger::row& queue, job_state state, std::vector<std::int64_t> oldest, wall_time now) {
    const auto number = std::ssize(oldest);
    s.order.remove_oldest(s.db, queue.id, state, number);
    std::ranges::sort(oldest);
    if (s.queues.has_families())
        for (const auto seq : oldest)
            forget_family(s, seq, now);
    delete_rows(s, oldest);
    for (const auto seq : oldest) {
        s.ended.remove(s.db, seq);
        if (s.queues.has_payloads())
            forget_payload(s, seq);
        if (s.queues.has_logs())
            forget_logs(s, seq);
    }
    s.queues.removed(queue, state, number);
}

std::size_t forget_excess(store& s, ledger::row& queue, job_state state, std::size_t count, wall_time now,
                          std::int64_t most) {
    const auto limit =
        static_cast<std::int64_t>(std::min<std::size_t>(count, std::numeric_limits<std::int64_t>::max()));
    const auto excess = std::min(queue.in(state)-limit, most);
    if (excess <= 0)
        return 0;
    auto oldest = s.order.oldest(s.db, queue.id, state, excess);
    const auto forgotten = oldest.size();
    forget_oldest(s, queue, state, std::move(oldest), now);
    return forgotten;
}

std::size_t forget_old(store& s, ledger::row& queue, job_state state, std::chrono::seconds age, wall_time now,
                       std::int64_t most) {
    const auto too_old = to_unix_ms(saturating_add(now, -age));
    auto oldest = s.order.oldest(s.db, queue.id, state, most, [&](std::int64_t seq) {
        const auto* end = s.ended.find(s.db, seq);
        return !end || end->finished_at < too_old;
    });
    const auto forgotten = oldest.size();
    if (forgotten > 0)
        forget_oldest(s, queue, state, std::move(oldest), now);
    return forgotten;
}

} // namespace

std::size_t forget_beyond(store& s, ledger::row& queue, job_state state, const keep& kept, wall_time now,
                          std::int64_t most) {
    std::size_t forgotten = 0;
    if (kept.count)
        forgotten += forget_excess(s, queue, state, *kept.count, now, most);
    if (kept.age && queue.in(state) > 0)
        forgotten += forget_old(s, queue, state, *kept.age, now, most);
    return forgotten;
}

void forget_payload(store& s, std::int64_t seq) {
    query(s.db, "DELETE FROM infra_payloads WHERE seq = ?1").bind(seq).run();
}

std::size_t prune(store& s, const std::vector<prune_request>& requests) {
    s.forget_beyond_kept();
    std::size_t forgotten = 0;
    for (const auto& each : requests) {
        auto* queue = s.queues.find(each.queue);
        if (!queue)
            continue;
        forgotten += forget_beyond(s, *queue, job_state::completed, each.completed, each.now);
        forgotten += forget_beyond(s, *queue, job_state::failed, each.failed, each.now);
    }
    if (requests.empty())
        return 0;
    const auto now = std::ranges::max(requests, {}, &prune_request::now).now;
    sweep_families(s, now);
    forget_past_deduplications(s, now);
    return forgotten;
}

} // namespace infra::queue::sqlite
