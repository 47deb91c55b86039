#include "look.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_looked_at = 1000;                   // jobs, in one call
constexpr std::size_t most_bytes_looked_at = 16 * 1024 * 1024; // of their payloads and results
constexpr std::int64_t most_by_state = 10'000;                 // jobs whose numbers are sorted in one call

constexpr auto beyond_all = std::numeric_limits<std::int64_t>::max();

/// Where a list goes on: behind `from`, up or down.
struct direction {
    std::int64_t from = 0;
    bool down = false;

    bool is_ahead(std::int64_t seq) const noexcept { return down ? seq < from : seq > from; }
};

direction direction_of(const list_request& request) {
    std::uint64_t number = request.newest_first ? beyond_all : 0;
    std::from_chars(request.cursor.data(), request.cursor.data() + request.cursor.size(), number);
    return {static_cast<std::int64_t>(std::min<std::uint64_t>(number, beyond_all)), request.newest_first};
}

std::vector<job_state> states_of(const job_filter& filter) {
    auto states = filter.states;
    if (states.empty())
        states = {job_state::waiting, job_state::delayed, job_state::active, job_state::completed, job_state::failed};
    if (filter.finished_before)
        std::erase_if(states, [](auto s) { return s != job_state::completed && s != job_state::failed; });
    std::ranges::sort(states);
    states.erase(std::ranges::unique(states).begin(), states.end());
    return states;
}

using numbers = std::vector<std::int64_t>;

numbers read_numbers(store& s, const ledger::row& queue, const char* by_queue) {
    query q(s.db, by_queue);
    q.bind(queue.id);
    numbers found;
    while (q.step())
        found.push_back(q.integer(0));
    return found;
}

numbers active(store& s, const ledger::row& queue) {
    numbers found;
    for (const auto& held : s.leases.those([&](const lease_row& each) { return each.queue == queue.id; }))
        found.push_back(held.seq);
    return found;
}

numbers waiting(store& s, const ledger::row& queue) {
    numbers found;
    for (const auto& each : s.line.front(s.db, queue.id, std::numeric_limits<std::size_t>::max()))
        found.push_back(each.who.seq);
    return found;
}

numbers in_state(store& s, const ledger::row& queue, job_state state) {
    switch (state) {
    case job_state::waiting: return waiting(s, queue);
    case job_state::delayed: return read_numbers(s, queue, "SELECT seq FROM infra_delayed WHERE queue = ?1");
    case job_state::active: return active(s, queue);
    case job_state::completed:
    case job_state::failed: return s.order.oldest(s.db, queue.id, state, beyond_all);
    }
    return {};
}

void add_from_table(store& s, const ledger::row& queue, job_state state, const direction& way, numbers& found) {
    for (const auto seq : in_state(s, queue, state))
        if (way.is_ahead(seq))
            found.push_back(seq);
}

/// How many rows are read to find those of a queue in these states by the tables they stand in.
std::int64_t cost_by_state(store& s, const ledger::row& queue, const std::vector<job_state>& states) {
    std::int64_t cost = 0;
    for (const auto each : states) {
        const bool by_queue = each != job_state::delayed && each != job_state::active;
        cost += queue.in(each) == 0 ? 0 : by_queue ? queue.in(each) : s.queues.in(each);
    }
    return cost;
}

// Few of a queue among many others: their numbers come from the tables they stand in. Empty: there are too many.
std::optional<numbers> by_state(store& s, const job_filter& filter, const direction& way) {
    const auto states = states_of(filter);
    std::vector<const ledger::row*> queues;
    for (const auto& [name, each] : s.queues.all())
        if (filter.queue.empty() || filter.queue == name)
            queues.push_back(&each);
    std::int64_t cost = 0;
    for (const auto* each : queues)
        cost += cost_by_state(s, *each, states);
    if (cost > most_by_state)
        return std::nullopt;
    numbers found;
    for (const auto* queue : queues)
        for (const auto state : states)
            if (queue->in(state) > 0)
                add_from_table(s, *queue, state, way, found);
    if (way.down)
        std::ranges::sort(found, std::greater());
    else
        std::ranges::sort(found);
    return found;
}

/// One more than may be looked at, so that it is known whether there are more.
numbers from_all(store& s, const direction& way) {
    query q(s.db, way.down ? "SELECT seq FROM infra_jobs WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
                           : "SELECT seq FROM infra_jobs WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    q.bind(way.from, most_looked_at + 1);
    numbers found;
    while (q.step())
        found.push_back(q.integer(0));
    return found;
}

} // namespace

found_jobs look(store& s, const list_request& request) {
    s.put_in_line();
    s.forget_beyond_kept();
    const auto way = direction_of(request);
    auto few = by_state(s, request.filter, way);
    const auto ahead = few ? std::move(*few) : from_all(s, way);
    found_jobs found;
    std::size_t looked_at = 0, bytes = 0;
    for (const auto seq : ahead) {
        if (found.jobs.size() == request.max || looked_at == most_looked_at || bytes > most_bytes_looked_at)
            return found;
        ++looked_at;
        found.next = std::to_string(seq);
        auto job = find_job(s, seq);
        if (!job)
            continue;
        bytes += job->data.size() + job->result.size();
        if (matches(request.filter, *job))
            found.jobs.push_back({seq, std::move(*job)});
    }
    found.next.clear();
    return found;
}

job_page list(store& s, const list_request& request) {
    auto found = look(s, request);
    job_page page{.next = std::move(found.next)};
    page.jobs.reserve(found.jobs.size());
    for (auto& each : found.jobs)
        page.jobs.push_back(std::move(each.info));
    return page;
}

} // namespace infra::queue::sqlite
