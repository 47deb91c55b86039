#include "dead.hpp"
#include "due.hpp"
#include "families.hpp"
#include "groups.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <span>

namespace infra::queue::sqlite {
namespace {

std::string payload_apart(store& s, std::int64_t seq) {
    query q(s.db, "SELECT data FROM infra_payloads WHERE seq = ?1");
    return q.bind(seq).step() ? q.text(0) : std::string();
}

/// Those in front, as they stand in line, with the jobs their rows make.
struct front {
    std::vector<standing> places{};
    std::vector<claimed_job> jobs{};
    std::vector<bool> deduplicated{};
    std::vector<std::int64_t> moved{}; // that did not wait since they were added
    std::vector<std::string> groups{}; // empty: the job has none; none at all where there never was a group
};

claimed_job read_claimed(store& s, const ledger::row& queue, const query& q, std::int64_t seq) {
    const auto& kind = s.kinds.read(s.db, q, 3, 4, 5);
    claimed_job job{.held = {.job = {queue.name, id_of(q, 2, seq)}},
                    .name = kind.name,
                    .data = q.is_null(8) ? payload_apart(s, seq) : q.text(8),
                    .options = kind.options,
                    .carrier = q.text(9),
                    .attempts_made = static_cast<int>(q.integer(6)),
                    .stalls = static_cast<int>(q.integer(7)),
                    .waiting_since = from_unix_ms(q.is_null(13) ? q.integer(12) : q.integer(13))};
    job.options.priority = static_cast<int>(q.integer(1));
    return job;
}

#define INFRA_QUEUE_ROW                                                                                                \
    "seq, priority, id, kind, name, options, attempts_made, stalls, data, carrier, expires_at, deduplication IS NOT "  \
    "NULL, created_at, waiting_since"
constexpr const char* rows_without_groups = "SELECT " INFRA_QUEUE_ROW " FROM infra_jobs WHERE seq BETWEEN ?1 AND ?2";
constexpr const char* rows_with_groups = "SELECT " INFRA_QUEUE_ROW ", grp FROM infra_jobs WHERE seq BETWEEN ?1 AND ?2";
#undef INFRA_QUEUE_ROW

// Rows whose numbers follow each other are read together: jobs that came together wait together.
void read_rows(store& s, const ledger::row& queue, std::span<const waiting_line::standing_job> together, front& into) {
    query q(s.db, s.queues.has_groups() ? rows_with_groups : rows_without_groups);
    q.bind(together.front().who.seq, together.back().who.seq);
    for (const auto& each : together) {
        if (!q.step() || q.integer(0) != each.who.seq)
            q.fail_corrupt();
        into.places.push_back({each.priority, each.who.place, each.who.seq, q.maybe_integer(10)});
        into.deduplicated.push_back(q.integer(11) != 0);
        if (!q.is_null(13))
            into.moved.push_back(each.who.seq);
        if (s.queues.has_groups())
            into.groups.push_back(q.text(14));
        into.jobs.push_back(read_claimed(s, queue, q, each.who.seq));
    }
}

// Rows whose numbers follow each other; of one priority where there are groups.
std::size_t end_of_batch(const std::vector<waiting_line::standing_job>& line, std::size_t begin, bool by_priority) {
    auto end = begin + 1;
    while (end < line.size() && line[end].who.seq == line[end - 1].who.seq + 1 &&
           (!by_priority || line[end].priority == line[begin].priority))
        ++end;
    return end;
}

// Up to the last of the priority of the first that is the head of a group: then the next of its group comes in line, behind
// those of the same priority.
front read_front(store& s, const ledger::row& queue, const std::vector<waiting_line::standing_job>& line) {
    front found;
    found.places.reserve(line.size());
    found.jobs.reserve(line.size());
    const bool has_groups = s.queues.has_groups();
    std::optional<std::int64_t> last;
    for (std::size_t i = 0, end = 0; i < line.size() && (!last || line[i].priority == *last); i = end) {
        end = end_of_batch(line, i, has_groups);
        read_rows(s, queue, std::span(line).subspan(i, end - i), found);
        if (has_groups && !last &&
            std::ranges::any_of(std::span(found.groups).subspan(i), [](const auto& group) { return !group.empty(); }))
            last = line[i].priority;
    }
    return found;
}

void lease_out(store& s, const ledger::row& queue, front& taken, const claim_request& request) {
    const auto now = to_unix_ms(request.now), until = to_unix_ms(saturating_add(request.now, request.lease));
    const auto worker = lessee(s, request.worker);
    for (std::size_t i = 0; i < taken.jobs.size(); ++i) {
        const lease_row held{.seq = taken.places[i].seq,
                             .queue = queue.id,
                             .fence = s.queues.next_number(),
                             .until = until,
                             .started_at = now,
                             .marks = taken.deduplicated[i] ? lease_row::deduplicated : 0};
        s.leases.add(held, worker);
        taken.jobs[i].held.fence = static_cast<std::uint64_t>(held.fence);
        taken.jobs[i].held.token = to_token({s.queues.incarnation(), held.seq, held.fence});
    }
    if (s.events.is_followed(queue.id, request.now))
        for (const auto& job : taken.jobs)
            record(s, queue, job_event::kind::active, job.held.job.id, request.now);
}

// Whether all of the queue that waits came in this transaction, and so nobody stands in line.
bool is_all_fresh(const store& s, const ledger::row& queue) {
    const auto of_queue = std::ranges::count(s.fresh, &queue, &fresh_job::queue);
    return of_queue == queue.in(job_state::waiting);
}

front take_fresh(store& s, const ledger::row& queue, std::size_t max) {
    std::vector<fresh_job*> line;
    for (auto& each : s.fresh)
        if (each.queue == &queue)
            line.push_back(&each);
    std::ranges::sort(line, {}, [](const auto* each) { return std::pair(each->where.priority, each->where.place); });
    line.resize(std::min(line.size(), max));
    front taken;
    taken.places.reserve(line.size());
    taken.jobs.reserve(line.size());
    for (auto* each : line) {
        taken.places.push_back(each->where);
        taken.jobs.push_back(std::move(each->job));
        taken.deduplicated.push_back(each->is_deduplicated);
        each->queue = nullptr;
    }
    std::erase_if(s.fresh, [](const auto& each) { return !each.queue; });
    return taken;
}

void append(front& to, front&& more) {
    if (to.jobs.empty()) {
        to = std::move(more);
        return;
    }
    std::ranges::move(more.places, std::back_inserter(to.places));
    std::ranges::move(more.jobs, std::back_inserter(to.jobs));
    to.moved.insert(to.moved.end(), more.moved.begin(), more.moved.end());
    to.deduplicated.insert(to.deduplicated.end(), more.deduplicated.begin(), more.deduplicated.end());
    std::ranges::move(more.groups, std::back_inserter(to.groups));
}

// False: no other can have come in line.
bool start_of_groups(store& s, const ledger::row& queue, const front& taken, wall_time now) {
    bool some = false;
    for (std::size_t i = 0; i < taken.groups.size(); ++i)
        if (!taken.groups[i].empty()) {
            start_of_group(s, queue, taken.groups[i], taken.places[i].seq, now);
            some = true;
        }
    return some;
}

// Where one round of turns took a part of what it saw, the next looks at little more than that: there may be as many rounds
// as jobs.
front take_from_line(store& s, const ledger::row& queue, std::size_t max, wall_time now) {
    constexpr std::size_t least = 16;
    s.put_in_line();
    front all;
    auto looked_at = max;
    for (bool more = true; more && all.jobs.size() < max;) {
        looked_at = std::min(looked_at, max - all.jobs.size());
        auto line = s.line.front(s.db, queue.id, looked_at);
        auto first = read_front(s, queue, line);
        more = line.size() == looked_at;
        looked_at = first.jobs.size() < line.size() ? std::max(least, 2 * first.jobs.size()) : max;
        line.resize(first.places.size());
        s.line.remove_front(s.db, queue.id, line);
        more |= start_of_groups(s, queue, first, now);
        append(all, std::move(first));
    }
    for (const auto seq : all.moved)
        query(s.db, "UPDATE infra_jobs SET waiting_since = NULL WHERE seq = ?1").bind(seq).run();
    for (const auto& each : all.places)
        if (each.expires_at)
            expire_no_more(s, queue, *each.expires_at, each.seq);
    return all;
}

void count_starts(store& s, ledger::row& queue, std::size_t n, wall_time now) {
    if (queue.flow.settings.rate.max == 0 || n == 0)
        return;
    auto flow = queue.flow;
    flow.started(n, to_unix_ms(now));
    s.queues.set_flow(queue, std::move(flow));
}

std::size_t allowance(const ledger::row& queue, wall_time now) {
    return has_expired(queue, now) ? 0 : queue.flow.allowance(queue.in(job_state::active), to_unix_ms(now));
}

void take_some(store& s, ledger::row& queue, std::size_t max, const claim_request& request,
               std::vector<claimed_job>& taken) {
    max = std::min(max, allowance(queue, request.now));
    if (max == 0)
        return;
    s.last_turn[queue.id] = ++s.turns;
    auto first = is_all_fresh(s, queue) ? take_fresh(s, queue, max) : take_from_line(s, queue, max, request.now);
    lease_out(s, queue, first, request);
    s.queues.moved(queue, job_state::waiting, job_state::active, static_cast<std::int64_t>(first.jobs.size()));
    count_starts(s, queue, first.jobs.size(), request.now);
    if (taken.empty())
        taken = std::move(first.jobs);
    else
        std::ranges::move(first.jobs, std::back_inserter(taken));
}

// Each queue in turn, so that a long one does not keep the others waiting: first an equal share, then what is left. Who
// was not served for longest comes first.
void take_in_turns(store& s, const claim_request& request, std::vector<claimed_job>& taken) {
    std::vector<ledger::row*> busy;
    for (const auto& name : request.queues)
        if (auto* queue = s.queues.find(name); queue && stands_in_line(s, *queue) && allowance(*queue, request.now) > 0)
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

void take_what_is_there(store& s, const claim_request& request, claim_result& result) {
    std::ranges::move(rescue_of_dead(s, request.now), std::back_inserter(result.rescued));
    result.expired = fail_expired(s, request);
    take_in_turns(s, request, result.jobs);
    if (result.jobs.size() < request.max)
        result.next_due = next_due(s, request);
}

// What is done bit by bit, and may have been left by somebody who is gone.
void go_on_with_others_work(store& s, const claim_request& request) {
    for (const auto& name : request.queues)
        if (auto* queue = s.queues.find(name))
            settle_some(s, *queue);
    sweep_families(s, request.now);
}

} // namespace

claim_result claim(store& s, const claim_request& request) {
    claim_result result;
    attend(s, request);
    result.rescued = rescue_expired(s, request);
    promote_due(s, to_unix_ms(request.now));
    open_groups(s, to_unix_ms(request.now));
    go_on_with_others_work(s, request);
    take_what_is_there(s, request, result);
    return result;
}

// By the clock it rescues nobody: it asks for that who knows how the wall clock has gone meanwhile.
claim_result claim_again(store& s, const claim_request& request) {
    claim_result result;
    take_what_is_there(s, request, result);
    return result;
}

bool may_claim(store& s, const claim_request& request) {
    const auto due = next_due(s, request);
    const auto now = request.time ? request.time->wall() : request.now;
    return !s.dead.empty() || (due && (!request.due || *due < *request.due)) ||
           std::ranges::any_of(request.queues, [&](const auto& name) {
               const auto* queue = s.queues.find(name);
               return queue && queue->in(job_state::waiting) > 0 &&
                      (has_expired(*queue, now) || (stands_in_line(s, *queue) && allowance(*queue, now) > 0));
           });
}

} // namespace infra::queue::sqlite
