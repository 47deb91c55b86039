#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

std::optional<std::string_view> non_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(std::string_view(text));
}

/// The queue that the statement RETURNs; empty if it found no row.
std::optional<std::int64_t> queue_of(query& q) {
    const auto queue = q.step() ? std::optional(q.integer(0)) : std::nullopt;
    q.run();
    return queue;
}

bool end_for_good(store& s, const outcome& o, row_lease held, job_state state) {
    std::optional<std::int64_t> queue;
    {
        query q(s.db,
                "UPDATE infra_jobs SET state = ?3, attempts_made = attempts_made + 1, finished_at = ?4, result = ?5, "
                "failed_reason = coalesce(?6, failed_reason), worker = NULL, lease_until = NULL "
                "WHERE seq = ?1 AND fence = ?2 AND id = ?7 AND state = 2 RETURNING queue");
        q.bind(held.seq, held.fence, static_cast<int>(state), to_unix_ms(o.at), non_empty(o.result),
               non_empty(o.reason), o.held.job.id);
        queue = queue_of(q);
    }
    if (!queue)
        return false;
    auto& row = s.queues.find(*queue);
    s.queues.moved(row, job_state::active, state);
    forget_beyond(s, row, state, o.keep, o.at);
    return true;
}

/// Removes the row at once: nothing of it is to be kept.
bool end_without_trace(store& s, const outcome& o, row_lease held) {
    std::optional<std::int64_t> queue;
    {
        query q(s.db, "DELETE FROM infra_jobs WHERE seq = ?1 AND fence = ?2 AND id = ?3 AND state = 2 RETURNING queue");
        q.bind(held.seq, held.fence, o.held.job.id);
        queue = queue_of(q);
    }
    if (!queue)
        return false;
    forget_payload(s, held.seq);
    s.queues.removed(s.queues.find(*queue), job_state::active);
    return true;
}

/// Interrupted, it stands in front; retried, where a new job would.
std::int64_t place_of(store& s, const outcome& o, row_lease held) {
    const auto number = s.queues.next_number();
    if (o.as == outcome::kind::returned)
        return -number;
    query q(s.db, "SELECT lifo FROM infra_payloads WHERE seq = ?1");
    return q.bind(held.seq).step() && q.integer(0) != 0 ? -number : number;
}

bool wait_again(store& s, const outcome& o, row_lease held) {
    const auto state = o.run_at ? job_state::delayed : job_state::waiting;
    const auto place = place_of(s, o, held);
    std::optional<std::int64_t> queue;
    {
        query q(s.db, "UPDATE infra_jobs SET state = ?3, place = ?4, due_at = ?5, attempts_made = attempts_made + ?6, "
                      "failed_reason = coalesce(?7, failed_reason), worker = NULL, lease_until = NULL "
                      "WHERE seq = ?1 AND fence = ?2 AND id = ?8 AND state = 2 RETURNING queue");
        q.bind(held.seq, held.fence, static_cast<int>(state), place,
               o.run_at ? std::optional(to_due_ms(*o.run_at)) : std::nullopt, o.as == outcome::kind::retry ? 1 : 0,
               non_empty(o.reason), o.held.job.id);
        queue = queue_of(q);
    }
    if (!queue)
        return false;
    auto& row = s.queues.find(*queue);
    s.queues.moved(row, job_state::active, state);
    s.touched.insert(row.name);
    return true;
}

bool finish_one(store& s, const outcome& o) {
    const auto held = from_token(o.held.token);
    if (o.as == outcome::kind::retry || o.as == outcome::kind::returned)
        return wait_again(s, o, held);
    if (o.keep.count == 0u)
        return end_without_trace(s, o, held);
    return end_for_good(s, o, held, o.as == outcome::kind::completed ? job_state::completed : job_state::failed);
}

} // namespace

std::vector<bool> finish(store& s, const std::vector<outcome>& outcomes) {
    std::vector<bool> done;
    done.reserve(outcomes.size());
    for (const auto& each : outcomes)
        done.push_back(finish_one(s, each));
    return done;
}

} // namespace infra::queue::sqlite
