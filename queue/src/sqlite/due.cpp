#include "due.hpp"

#include "families.hpp"
#include "groups.hpp"
#include "look.hpp"
#include "traces.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::max();

/// A job whose time has come.
struct due_row {
    std::int64_t seq;
    std::int64_t queue;
    std::int64_t priority;
    std::int64_t due_at;
    std::optional<std::int64_t> expires_at;
};

std::vector<due_row> rows_of(query& q) {
    std::vector<due_row> rows;
    while (q.step())
        rows.push_back({q.integer(0), q.integer(1), q.integer(2), q.integer(3), q.maybe_integer(4)});
    return rows;
}

std::vector<lease_row> leases_over(store& s, std::int64_t over, std::int64_t too_far) {
    auto found = s.leases.those([&](const lease_row& held) { return held.until <= over || held.until > too_far; });
    std::ranges::sort(found, {}, [](const lease_row& held) { return std::pair(held.until, held.seq); });
    if (found.size() > most_at_once)
        found.resize(most_at_once);
    return found;
}

// A lease that ran out: the job stands in front of those that wait, for it has waited once already.
job_id rescue(store& s, ledger::row& queue, const lease_row& held, wall_time now) {
    const auto job = find_row(s, held.seq).value();
    const auto place = -s.queues.next_number();
    query(
        s.db,
        "UPDATE infra_jobs SET place = ?2, state = 0, stalls = stalls + 1, fence = ?3, started_at = ?4, waiting_since "
        "= ?5 WHERE seq = ?1")
        .bind(held.seq, place, held.fence, held.started_at, to_unix_ms(now))
        .run();
    s.leases.remove(held.seq);
    end_in_group(s, queue, held.seq);
    record(s, queue, job_event::kind::stalled, job.id, now);
    if (held.has(lease_row::cancelled)) {
        fail_job(s, queue, held.seq, job_state::active, cancelled_reason, now);
    } else if (const auto why = failure_by_children(run_end::comes_back, children_of(s, held.seq)); !why.empty()) {
        fail_job(s, queue, held.seq, job_state::active, why, now);
    } else {
        stand_in_line(s, queue, {job.priority, place, held.seq, job.expires_at});
        s.queues.moved(queue, job_state::active, job_state::waiting);
    }
    return job.id;
}

std::vector<job_key> rescue_all(store& s, const std::vector<lease_row>& leases, wall_time now) {
    std::vector<job_key> rescued;
    for (const auto& held : leases) {
        auto& queue = s.queues.find(held.queue);
        rescued.push_back({queue.name, rescue(s, queue, held, now)});
    }
    s.leases.find_bounds();
    return rescued;
}

} // namespace

std::vector<job_key> rescue_expired(store& s, const claim_request& request) {
    const auto over = to_unix_ms(request.expired_before.value_or(request.now));
    const auto too_far = to_unix_ms(saturating_add(request.now, longest_lease));
    if (s.leases.bounds().first > over && s.leases.bounds().last <= too_far)
        return {};
    return rescue_all(s, leases_over(s, over, too_far), request.now);
}

std::vector<job_key> rescue_all_of(store& s, const std::string& process, wall_time now) {
    return rescue_all(s, s.leases.of_process(process), now);
}

void promote_due(store& s, std::int64_t now) {
    if (s.queues.in(job_state::delayed) == 0)
        return;
    query due(s.db, "SELECT d.seq, d.queue, j.priority, d.due_at, j.expires_at FROM infra_delayed d CROSS "
                    "JOIN infra_jobs j "
                    "ON j.seq = d.seq WHERE d.due_at <= ?1 ORDER BY d.due_at, d.seq LIMIT ?2");
    due.bind(now, most_at_once);
    const auto rows = rows_of(due);
    if (rows.empty())
        return;
    query(s.db, "DELETE FROM infra_delayed WHERE (due_at, seq) <= (?1, ?2)")
        .bind(rows.back().due_at, rows.back().seq)
        .run();
    for (const auto& row : rows) {
        const auto place = s.queues.next_number();
        query(s.db, "UPDATE infra_jobs SET state = 0, place = ?2, waiting_since = ?3 WHERE seq = ?1")
            .bind(row.seq, place, row.due_at)
            .run();
        auto& queue = s.queues.find(row.queue);
        stand_in_line(s, queue, {row.priority, place, row.seq, row.expires_at});
        s.queues.moved(queue, job_state::delayed, job_state::waiting);
    }
}

namespace {

std::vector<std::pair<std::int64_t, job_id>> expired_of(store& s, const ledger::row& queue, std::int64_t now,
                                                        std::int64_t most) {
    query q(s.db, "SELECT e.seq, j.id FROM infra_expiring e JOIN infra_jobs j USING (seq) WHERE e.queue = ?1 AND "
                  "e.expires_at <= ?2 ORDER BY e.expires_at, e.seq LIMIT ?3");
    q.bind(queue.id, now, most);
    std::vector<std::pair<std::int64_t, job_id>> found;
    while (q.step())
        found.emplace_back(q.integer(0), id_of(q, 1, q.integer(0)));
    return found;
}

void look_when_next_expires(store& s, ledger::row& queue) {
    query q(s.db, "SELECT expires_at FROM infra_expiring WHERE queue = ?1 ORDER BY expires_at LIMIT 1");
    queue.next_expiry = q.bind(queue.id).step() ? q.integer(0) : never;
}

} // namespace

std::vector<job_key> fail_expired(store& s, const claim_request& request) {
    std::vector<job_key> failed;
    for (const auto& name : request.queues) {
        auto* queue = s.queues.find(name);
        if (!queue || !has_expired(*queue, request.now))
            continue;
        const auto left = most_at_once - static_cast<std::int64_t>(failed.size());
        for (auto& [seq, id] : expired_of(s, *queue, to_unix_ms(request.now), left)) {
            if (!leave_place(s, *queue, seq)) // its child has failed it
                continue;
            fail_job(s, *queue, seq, job_state::waiting, expired_reason, request.now);
            failed.push_back({queue->name, std::move(id)});
        }
        look_when_next_expires(s, *queue);
    }
    return failed;
}

namespace {

std::int64_t groups_open_at(store& s, const claim_request& request) {
    auto first = never;
    for (const auto& name : request.queues)
        if (const auto* queue = s.queues.find(name); queue && !queue->flow.settings.paused)
            first = std::min(first, next_opening(s, *queue).value_or(never));
    return first;
}

// Of the queues named, in which jobs wait for it.
std::int64_t rate_opens_at(store& s, const claim_request& request) {
    auto first = never;
    for (const auto& name : request.queues)
        if (const auto* queue = s.queues.find(name); queue && queue->in(job_state::waiting) > 0)
            first = std::min(first, queue->flow.opens_at().value_or(never));
    return first;
}

} // namespace

// Of leases the bound that the ledger knows, which may be too early: then who comes finds out.
std::optional<wall_time> next_due(store& s, const claim_request& request) {
    if (s.queues.has_family_left()) // the next claim goes on with it
        return request.now;
    auto due = never;
    if (s.queues.in(job_state::active) > 0)
        due = s.leases.bounds().first;
    if (s.queues.in(job_state::delayed) > 0)
        if (query q(s.db, "SELECT due_at FROM infra_delayed ORDER BY due_at, seq LIMIT 1"); q.step())
            due = std::min(due, q.integer(0));
    if (s.queues.limits_some())
        due = std::min(due, rate_opens_at(s, request));
    if (s.queues.has_groups())
        due = std::min(due, groups_open_at(s, request));
    return due == never ? std::nullopt : std::optional(from_unix_ms(due));
}

} // namespace infra::queue::sqlite
