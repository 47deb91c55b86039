#include "verbs.hpp"

#include <algorithm>

// How long jobs have waited. Found where they wait longest, not among all: there may be a million.

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_priorities = 100;

/// The earliest of what a question gives.
void take_earliest(query& q, std::optional<std::int64_t>& into) {
    while (q.step())
        if (const auto at = q.maybe_integer(0); at && (!into || *at < *into))
            into = at;
}

void look_at_line(store& s, const ledger::row& queue, std::optional<std::int64_t>& earliest) {
    for (const auto seq : s.line.longest(s.db, queue.id, most_priorities)) {
        query q(s.db, "SELECT coalesce(waiting_since, created_at) FROM infra_jobs WHERE seq = ?1");
        take_earliest(q.bind(seq), earliest);
    }
}

// Those that stand behind the head of their group, or whose group is at its limit.
void look_at_groups(store& s, const ledger::row& queue, std::optional<std::int64_t>& earliest) {
    query q(s.db, "SELECT min(coalesce(waiting_since, created_at)) FROM (SELECT seq FROM infra_grouped WHERE queue = "
                  "?1 LIMIT ?2) JOIN infra_jobs USING (seq)");
    take_earliest(q.bind(queue.id, most_at_once), earliest);
}

// Where no worker is, nobody puts them in line.
void look_at_delayed(store& s, const ledger::row& queue, wall_time now, std::optional<std::int64_t>& earliest) {
    query q(s.db,
            "SELECT min(due_at) FROM (SELECT due_at, queue FROM infra_delayed WHERE due_at <= ?2 ORDER BY due_at, "
            "seq LIMIT ?3) WHERE queue = ?1");
    take_earliest(q.bind(queue.id, to_unix_ms(now), most_at_once), earliest);
}

std::optional<wall_time> longest_in(store& s, const std::string& name, wall_time now) {
    const auto* queue = s.queues.find(name);
    if (!queue)
        return std::nullopt;
    std::optional<std::int64_t> earliest;
    if (queue->in(job_state::waiting) > 0)
        look_at_line(s, *queue, earliest);
    if (queue->in(job_state::waiting) > 0 && s.queues.has_groups())
        look_at_groups(s, *queue, earliest);
    if (queue->in(job_state::delayed) > 0)
        look_at_delayed(s, *queue, now, earliest);
    return earliest ? std::optional(from_unix_ms(*earliest)) : std::nullopt;
}

} // namespace

std::vector<std::optional<wall_time>> waiting_since(store& s, const std::vector<std::string>& queues, wall_time now) {
    s.put_in_line();
    std::vector<std::optional<wall_time>> all;
    for (const auto& each : queues)
        all.push_back(longest_in(s, each, now));
    return all;
}

} // namespace infra::queue::sqlite
