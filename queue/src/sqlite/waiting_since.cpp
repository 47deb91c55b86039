#include "verbs.hpp"

#include <algorithm>
#include <limits>

// How long jobs have waited. Found where they wait longest, not among all: there may be a million. Those that came to wait
// otherwise than by being added have an index. The others stand in the order in which they came, behind or in front, so that
// the first of them is enough; and where one of those that have an index stands before it, that has waited longer.

namespace infra::queue::sqlite {
namespace {

/// Of the priorities and groups of a queue, where one call asks for many queues.
constexpr std::int64_t least_share = 10;

/// The earliest of what a question gives.
void take_earliest(query& q, std::optional<std::int64_t>& into) {
    while (q.step())
        if (const auto at = q.maybe_integer(0); at && (!into || *at < *into))
            into = at;
}

void look_at_line(store& s, const ledger::row& queue, std::int64_t share, std::optional<std::int64_t>& earliest) {
    for (const auto seq : s.line.longest(s.db, queue.id, static_cast<std::size_t>(share))) {
        query q(s.db, "SELECT coalesce(waiting_since, created_at) FROM infra_jobs WHERE seq = ?1");
        take_earliest(q.bind(seq), earliest);
    }
}

void look_at_moved(store& s, const ledger::row& queue, std::optional<std::int64_t>& earliest) {
    query q(s.db, "SELECT min(waiting_since) FROM infra_jobs WHERE queue = ?1 AND waiting_since IS NOT NULL");
    take_earliest(q.bind(queue.id), earliest);
}

std::vector<std::string> groups_with_jobs(store& s, const ledger::row& queue, std::int64_t most) {
    query q(s.db, "SELECT name FROM infra_groups WHERE queue = ?1 AND waiting > 0 LIMIT ?2");
    q.bind(queue.id, most);
    std::vector<std::string> found;
    while (q.step())
        found.push_back(q.text(0));
    return found;
}

std::optional<std::int64_t> priority_below(store& s, const ledger::row& queue, const std::string& group,
                                           std::int64_t other) {
    query q(s.db, "SELECT max(priority) FROM infra_grouped WHERE queue = ?1 AND name = ?2 AND priority < ?3");
    return q.bind(queue.id, group, other).step() ? q.maybe_integer(0) : std::nullopt;
}

// Who came first of those that stand behind, and of those that stand in front.
void look_at_group(store& s, const ledger::row& queue, const std::string& group, std::int64_t priority,
                   std::optional<std::int64_t>& earliest) {
    query q(
        s.db,
        "SELECT coalesce(waiting_since, created_at) FROM infra_jobs WHERE seq IN ("
        "(SELECT seq FROM infra_grouped WHERE queue = ?1 AND name = ?2 AND priority = ?3 AND place > 0 ORDER BY place "
        "LIMIT 1), (SELECT seq FROM infra_grouped WHERE queue = ?1 AND name = ?2 AND priority = ?3 AND place < 0 ORDER "
        "BY place DESC LIMIT 1))");
    take_earliest(q.bind(queue.id, group, priority), earliest);
}

// A group's head may stand there again, and the group itself be at its limit.
void look_at_groups(store& s, const ledger::row& queue, std::int64_t share, std::optional<std::int64_t>& earliest) {
    auto left = share;
    for (const auto& group : groups_with_jobs(s, queue, share)) {
        auto priority = priority_below(s, queue, group, std::numeric_limits<std::int64_t>::max());
        for (; priority && left > 0; --left) {
            look_at_group(s, queue, group, *priority, earliest);
            priority = priority_below(s, queue, group, *priority);
        }
    }
}

// Where no worker is, nobody puts them in line.
void look_at_delayed(store& s, const ledger::row& queue, wall_time now, std::optional<std::int64_t>& earliest) {
    query q(s.db, "SELECT min(due_at) FROM infra_delayed WHERE queue = ?1 AND due_at <= ?2");
    take_earliest(q.bind(queue.id, to_unix_ms(now)), earliest);
}

std::optional<wall_time> longest_in(store& s, const ledger::row& queue, std::int64_t share, wall_time now) {
    std::optional<std::int64_t> earliest;
    if (queue.in(job_state::waiting) > 0) {
        look_at_line(s, queue, share, earliest);
        look_at_moved(s, queue, earliest);
        if (s.queues.has_groups())
            look_at_groups(s, queue, share, earliest);
    }
    if (queue.in(job_state::delayed) > 0)
        look_at_delayed(s, queue, now, earliest);
    return earliest ? std::optional(from_unix_ms(*earliest)) : std::nullopt;
}

} // namespace

std::vector<std::optional<wall_time>> waiting_since(store& s, const std::vector<std::string>& queues, wall_time now) {
    s.put_in_line();
    const auto share = std::max(least_share, most_at_once / std::max<std::int64_t>(1, std::ssize(queues)));
    std::vector<std::optional<wall_time>> all;
    for (const auto& each : queues) {
        const auto* queue = s.queues.find(each);
        all.push_back(queue ? longest_in(s, *queue, share, now) : std::nullopt);
    }
    return all;
}

} // namespace infra::queue::sqlite
