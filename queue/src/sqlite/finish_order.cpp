#include "finish_order.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_ended_in_run = 100; // longer ones would spill from their page
constexpr auto before_all = std::numeric_limits<std::int64_t>::min();

} // namespace

// Few queues finish jobs in one transaction; most often it is the last one again.
void finish_order::add(std::int64_t queue, job_state state, std::int64_t number, std::int64_t seq) {
    const auto fits = [&](const run& each) {
        return each.queue == queue && each.state == state && each.jobs.size() < most_ended_in_run;
    };
    auto to = !fresh_.empty() && fits(fresh_.back()) ? std::prev(fresh_.end()) : std::ranges::find_if(fresh_, fits);
    if (to == fresh_.end())
        to = fresh_.insert(to, {.queue = queue, .state = state});
    to->last = number;
    to->jobs.push_back(seq);
}

void finish_order::save(database& db) {
    for (const auto& each : std::exchange(fresh_, {}))
        query(db, "INSERT INTO infra_finished (queue, state, last, jobs) VALUES (?1, ?2, ?3, ?4)")
            .bind(each.queue, static_cast<int>(each.state), each.last, packed(each.jobs))
            .run();
}

// The first run that ends at `from` or later.
std::optional<finish_order::run> finish_order::first(database& db, std::int64_t queue, job_state state,
                                                     std::int64_t from) {
    query q(db, "SELECT last, jobs FROM infra_finished WHERE queue = ?1 AND state = ?2 AND last >= ?3 ORDER BY last "
                "LIMIT 1");
    if (!q.bind(queue, static_cast<int>(state), from).step())
        return std::nullopt;
    return run{queue, state, q.integer(0), unpacked<std::int64_t>(q, 1)};
}

void finish_order::replace(database& db, const run& by) {
    if (by.jobs.empty())
        query(db, "DELETE FROM infra_finished WHERE queue = ?1 AND state = ?2 AND last = ?3")
            .bind(by.queue, static_cast<int>(by.state), by.last)
            .run();
    else
        query(db, "UPDATE infra_finished SET jobs = ?4 WHERE queue = ?1 AND state = ?2 AND last = ?3")
            .bind(by.queue, static_cast<int>(by.state), by.last, packed(by.jobs))
            .run();
}

void finish_order::remove(database& db, std::int64_t queue, job_state state, std::int64_t number, std::int64_t seq) {
    save(db);
    auto found = first(db, queue, state, number);
    if (found && std::erase(found->jobs, seq) > 0)
        replace(db, *found);
}

void finish_order::remove_oldest(database& db, std::int64_t queue, job_state state, std::int64_t number_of_jobs) {
    while (number_of_jobs > 0) {
        auto run = first(db, queue, state, before_all);
        if (!run)
            return;
        const auto gone = std::min<std::int64_t>(std::ssize(run->jobs), number_of_jobs);
        run->jobs.erase(run->jobs.begin(), run->jobs.begin() + gone);
        replace(db, *run);
        number_of_jobs -= gone;
    }
}

} // namespace infra::queue::sqlite
