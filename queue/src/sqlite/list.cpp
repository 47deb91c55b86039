#include "look.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_looked_at = 1000;                   // jobs, in one call
constexpr std::int64_t most_passed = 20'000;                   // rows that are none of those asked for, in one walk
constexpr std::size_t most_bytes_looked_at = 16 * 1024 * 1024; // of their payloads and results
constexpr std::int64_t most_by_state = 20'000;                 // jobs whose numbers are sorted in one call
constexpr std::int64_t most_searched = 2'000'000;              // jobs among whose numbers the next is searched

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
        for (std::size_t i = 0; i < job_states; ++i)
            states.push_back(static_cast<job_state>(i));
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

numbers waiting_jobs(store& s, const ledger::row& queue) {
    auto found = s.line.numbers(s.db, queue.id);
    if (!s.queues.has_groups())
        return found;
    for (const auto seq : read_numbers(s, queue, "SELECT seq FROM infra_grouped WHERE queue = ?1"))
        found.push_back(seq);
    std::ranges::sort(found); // the head of a group stands in both
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

numbers in_state(store& s, const ledger::row& queue, job_state state) {
    switch (state) {
    case job_state::waiting: return waiting_jobs(s, queue);
    case job_state::waiting_children:
        return read_numbers(s, queue, "SELECT seq FROM infra_families WHERE queue = ?1 AND waits = 1");
    case job_state::delayed: return read_numbers(s, queue, "SELECT seq FROM infra_delayed WHERE queue = ?1");
    case job_state::active: return active(s, queue);
    case job_state::completed:
    case job_state::failed: return s.order.oldest(s.db, queue.id, state, beyond_all);
    }
    return {};
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

/// The queues and states that a filter asks for.
class places {
public:
    places(store& s, const job_filter& filter) : s_(s), states_(states_of(filter)) {
        for (const auto& [name, each] : s.queues.all())
            if (filter.queue.empty() || filter.queue == name)
                queues_.push_back(&each);
        for (const auto* each : queues_)
            cost_ += cost_by_state(s, *each, states_);
    }

    std::int64_t cost() const noexcept { return cost_; }

    template <class Visit>
    void each(Visit visit) const {
        for (const auto* queue : queues_)
            for (const auto state : states_)
                if (queue->in(state) > 0)
                    std::ranges::for_each(in_state(s_, *queue, state), visit);
    }

    bool hold(std::int64_t queue, std::int64_t seq, job_state by_row) const {
        return std::ranges::any_of(queues_, [queue](const auto* each) { return each->id == queue; }) &&
               (states_.size() == job_states || std::ranges::binary_search(states_, state_of(s_, seq, by_row)));
    }

private:
    store& s_;
    const std::vector<job_state> states_;
    std::vector<const ledger::row*> queues_;
    std::int64_t cost_ = 0;
};

// Few among many others: their numbers come from the tables they stand in.
numbers by_state(const places& asked, const direction& way) {
    numbers found;
    asked.each([&](std::int64_t seq) {
        if (way.is_ahead(seq))
            found.push_back(seq);
    });
    if (way.down)
        std::ranges::sort(found, std::greater());
    else
        std::ranges::sort(found);
    return found;
}

/// The first that is ahead.
std::optional<std::int64_t> nearest(const places& asked, const direction& way) {
    std::optional<std::int64_t> found;
    asked.each([&](std::int64_t seq) {
        if (way.is_ahead(seq) && (!found || (way.down ? seq > *found : seq < *found)))
            found = seq;
    });
    return found;
}

/// A part of the way along the jobs' rows.
struct stretch {
    numbers found{};                    ///< one more than may be looked at, so that it is known whether there are more
    bool passed_others_alone = true;    ///< none was in a queue and state that is asked for
    std::optional<std::int64_t> last{}; ///< where it was left; empty: at the end
    std::size_t passed = 0;             ///< that are not among those found
};

/// How many may have to be read for a page: of those that fit by queue, state and name alone, no more than it holds.
std::size_t most_to_read(const list_request& request) {
    const auto& f = request.filter;
    const bool others_too =
        !f.data_contains.empty() || !f.reason_contains.empty() || f.created_before || f.finished_before;
    return others_too ? most_looked_at : std::min(most_looked_at, request.max);
}

stretch walk(store& s, const list_request& request, const places& asked, const direction& way) {
    const auto& name = request.filter.name;
    const auto enough = most_to_read(request);
    query q(s.db, way.down ? "SELECT seq, queue, state, kind, name, options FROM infra_jobs WHERE seq < ?1 "
                             "ORDER BY seq DESC LIMIT ?2"
                           : "SELECT seq, queue, state, kind, name, options FROM infra_jobs WHERE seq > ?1 "
                             "ORDER BY seq LIMIT ?2");
    q.bind(way.from, most_passed);
    stretch part;
    std::int64_t passed = 0;
    for (; part.found.size() <= enough && q.step(); ++passed) {
        part.last = q.integer(0);
        if (!asked.hold(q.integer(1), q.integer(0), static_cast<job_state>(q.integer(2))))
            continue;
        part.passed_others_alone = false;
        if (name.empty() || s.kinds.read(s.db, q, 3, 4, 5).name == name)
            part.found.push_back(q.integer(0));
    }
    part.passed = static_cast<std::size_t>(passed) - part.found.size();
    if (part.found.size() <= enough && passed < most_passed)
        part.last.reset();
    return part;
}

// Among so many others that none was met, the next is searched in the tables they stand in.
stretch ahead_of(store& s, const list_request& request, const places& asked, direction way) {
    if (asked.cost() <= most_by_state)
        return {.found = by_state(asked, way)};
    auto part = walk(s, request, asked, way);
    if (!part.last || !part.passed_others_alone || asked.cost() > most_searched)
        return part;
    way.from = *part.last;
    const auto next = nearest(asked, way);
    if (!next)
        return {};
    way.from = way.down ? *next + 1 : *next - 1;
    return walk(s, request, asked, way);
}

} // namespace

found_jobs look(store& s, const list_request& request) {
    s.put_in_line();
    s.forget_beyond_kept();
    const auto way = direction_of(request);
    const auto ahead = ahead_of(s, request, places(s, request.filter), way);
    found_jobs found{.looked_at = ahead.passed};
    std::size_t read = 0, bytes = 0;
    for (const auto seq : ahead.found) {
        if (found.jobs.size() == request.max || read == most_looked_at || bytes > most_bytes_looked_at)
            return found;
        ++read;
        ++found.looked_at;
        found.next = std::to_string(seq);
        auto job = find_job(s, seq);
        if (!job)
            continue;
        bytes += job->data.size() + job->result.size();
        if (matches(request.filter, *job))
            found.jobs.push_back({seq, std::move(*job)});
    }
    found.next = ahead.last ? std::to_string(*ahead.last) : std::string();
    return found;
}

job_page list(store& s, const list_request& request) {
    auto found = look(s, request);
    job_page page{.next = std::move(found.next), .looked_at = found.looked_at};
    page.jobs.reserve(found.jobs.size());
    for (auto& each : found.jobs)
        page.jobs.push_back(std::move(each.info));
    return page;
}

} // namespace infra::queue::sqlite
