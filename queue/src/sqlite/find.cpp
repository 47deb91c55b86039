#include "look.hpp"
#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

#define INFRA_QUEUE_SELECT_ROW                                                                                         \
    "SELECT j.seq, j.queue, j.id, j.state, j.place, j.priority, j.expires_at FROM infra_jobs j "
constexpr const char* row_by_seq = INFRA_QUEUE_SELECT_ROW "WHERE j.seq = ?1";
constexpr const char* row_by_number =
    INFRA_QUEUE_SELECT_ROW "WHERE j.seq = ?1 AND j.id IS NULL AND (?2 IS NULL OR j.queue = ?2)";
constexpr const char* row_by_id = INFRA_QUEUE_SELECT_ROW "WHERE j.id = ?1 AND (?2 IS NULL OR j.queue = ?2)";
#undef INFRA_QUEUE_SELECT_ROW

std::optional<job_row> row_of(store& s, query& q) {
    if (!q.step())
        return std::nullopt;
    const auto seq = q.integer(0);
    return job_row{.seq = seq,
                   .queue = &s.queues.find(q.integer(1)),
                   .id = id_of(q, 2, seq),
                   .state = state_of(s, seq, static_cast<job_state>(q.integer(3))),
                   .place = q.integer(4),
                   .priority = q.integer(5),
                   .expires_at = q.maybe_integer(6)};
}

} // namespace

job_state state_of(store& s, std::int64_t seq, job_state by_row) {
    if (s.leases.find(seq))
        return job_state::active;
    const auto* end = s.ended.find(s.db, seq);
    return end ? end->state() : by_row;
}

std::optional<job_row> find_row(store& s, std::int64_t seq) {
    s.forget_beyond_kept();
    query q(s.db, row_by_seq);
    return row_of(s, q.bind(seq));
}

void refuse_if_ambiguous(store& s, const job_key& key) {
    if (!key.queue.empty())
        return;
    query q(s.db, "SELECT queue FROM infra_jobs WHERE id = ?1 LIMIT 6"); // the sentence names five
    q.bind(key.id);
    std::vector<std::string> queues;
    while (q.step())
        queues.push_back(s.queues.find(q.integer(0)).name);
    if (queues.size() > 1)
        throw ambiguous_error(key.id, std::move(queues));
}

// As `get` does.
std::optional<job_row> find_row(store& s, const job_key& key) {
    s.forget_beyond_kept();
    const auto* queue = key.queue.empty() ? nullptr : s.queues.find(key.queue);
    if (!key.queue.empty() && !queue)
        return std::nullopt;
    const auto of = queue ? std::optional(queue->id) : std::nullopt;
    if (const auto number = given_number(key.id)) {
        query q(s.db, row_by_number);
        if (auto found = row_of(s, q.bind(*number, of)))
            return found;
    }
    refuse_if_ambiguous(s, key);
    query q(s.db, row_by_id);
    return row_of(s, q.bind(key.id, of));
}

} // namespace infra::queue::sqlite
