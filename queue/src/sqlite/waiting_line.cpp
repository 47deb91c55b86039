#include "waiting_line.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_waiting_in_run = 60; // longer ones would spill from their page

} // namespace

void waiting_line::begin(std::int64_t next_number) noexcept {
    next_number_ = next_number;
    fresh_.clear();
}

void waiting_line::add(database& db, const line_key& in, const line_place& who) {
    if (std::abs(who.place) >= next_number_)
        fresh_.push_back({in, who});
    else
        insert_between(db, in, who); // it stood elsewhere before
}

void waiting_line::save(database& db) {
    std::ranges::sort(fresh_, {}, [](const fresh_place& each) { return std::tuple(each.in, each.who.place); });
    run made;
    for (std::size_t i = 0; i < fresh_.size(); ++i) {
        const auto& [in, who] = fresh_[i];
        made.in = in;
        made.last = who.place;
        made.jobs.push_back(who);
        next_number_ = std::max(next_number_, std::abs(who.place) + 1);
        const auto* next = i + 1 < fresh_.size() ? &fresh_[i + 1] : nullptr;
        // Before all, and behind all: others may come to stand between.
        const bool goes_on = next && next->in == in && (who.place < 0) == (next->who.place < 0);
        if (goes_on && made.jobs.size() < most_waiting_in_run)
            continue;
        insert(db, made);
        made.jobs.clear();
    }
    fresh_.clear();
}

// The first that ends at `place` or later.
std::optional<waiting_line::run> waiting_line::run_at(database& db, const line_key& in, std::int64_t place) {
    query q(db, "SELECT last, jobs FROM infra_waiting WHERE queue = ?1 AND priority = ?2 AND last >= ?3 ORDER BY last "
                "LIMIT 1");
    if (!q.bind(in.queue, in.priority, place).step())
        return std::nullopt;
    return run{in, q.integer(0), unpacked<line_place>(q, 1)};
}

// The last of those, which came first.
std::optional<waiting_line::run> waiting_line::run_in_front(database& db, const line_key& in) {
    query q(db,
            "SELECT last, jobs FROM infra_waiting WHERE queue = ?1 AND priority = ?2 AND last < 0 ORDER BY last DESC "
            "LIMIT 1");
    if (!q.bind(in.queue, in.priority).step())
        return std::nullopt;
    return run{in, q.integer(0), unpacked<line_place>(q, 1)};
}

void waiting_line::insert_between(database& db, const line_key& in, const line_place& who) {
    save(db);
    auto found = run_at(db, in, who.place);
    if (!found || found->jobs.empty() || found->jobs.front().place > who.place)
        return insert(db, {in, who.place, {who}});
    found->jobs.insert(std::ranges::upper_bound(found->jobs, who.place, {}, &line_place::place), who);
    replace(db, *found);
}

void waiting_line::insert(database& db, const run& made) {
    query(db, "INSERT INTO infra_waiting (queue, priority, last, jobs) VALUES (?1, ?2, ?3, ?4)")
        .bind(made.in.queue, made.in.priority, made.last, packed(made.jobs))
        .run();
}

void waiting_line::replace(database& db, const run& by) {
    if (by.jobs.empty())
        query(db, "DELETE FROM infra_waiting WHERE queue = ?1 AND priority = ?2 AND last = ?3")
            .bind(by.in.queue, by.in.priority, by.last)
            .run();
    else
        query(db, "UPDATE infra_waiting SET jobs = ?4 WHERE queue = ?1 AND priority = ?2 AND last = ?3")
            .bind(by.in.queue, by.in.priority, by.last, packed(by.jobs))
            .run();
}

bool waiting_line::remove(database& db, const line_key& in, const line_place& who) {
    save(db);
    auto found = run_at(db, in, who.place);
    if (!found || std::erase(found->jobs, who) == 0)
        return false;
    replace(db, *found);
    return true;
}

std::vector<waiting_line::standing_job> waiting_line::front(database& db, std::int64_t queue, std::size_t max) {
    save(db);
    std::vector<standing_job> found;
    query q(db, "SELECT priority, jobs FROM infra_waiting WHERE queue = ?1 ORDER BY priority, last");
    q.bind(queue);
    while (q.step())
        for (const auto& who : unpacked<line_place>(q, 1)) {
            if (found.size() == max)
                return found;
            found.push_back({q.integer(0), who});
        }
    return found;
}

std::vector<std::int64_t> waiting_line::numbers(database& db, std::int64_t queue) {
    save(db);
    std::vector<std::int64_t> found;
    query q(db, "SELECT jobs FROM infra_waiting WHERE queue = ?1");
    q.bind(queue);
    while (q.step())
        for (const auto& who : unpacked<line_place>(q, 0))
            found.push_back(who.seq);
    return found;
}

std::vector<std::int64_t> waiting_line::longest(database& db, std::int64_t queue, std::size_t priorities) {
    save(db);
    std::vector<std::int64_t> found;
    auto below = std::numeric_limits<std::int64_t>::max();
    for (std::size_t n = 0; n < priorities; ++n) {
        query q(db, "SELECT max(priority) FROM infra_waiting WHERE queue = ?1 AND priority < ?2");
        if (!q.bind(queue, below).step() || q.is_null(0))
            break;
        below = q.integer(0);
        if (const auto behind = run_at(db, {queue, below}, 0); behind && !behind->jobs.empty())
            found.push_back(behind->jobs.front().seq);
        if (const auto in_front = run_in_front(db, {queue, below}); in_front && !in_front->jobs.empty())
            found.push_back(in_front->jobs.back().seq);
    }
    return found;
}

// For each priority those up to the last: they stand in a row. Of its run some may be left.
void waiting_line::remove_front(database& db, std::int64_t queue, const std::vector<standing_job>& taken) {
    for (std::size_t i = 0; i < taken.size(); ++i) {
        if (i + 1 < taken.size() && taken[i + 1].priority == taken[i].priority)
            continue;
        const line_key in{queue, taken[i].priority};
        const auto place = taken[i].who.place;
        auto partly = run_at(db, in, place);
        query(db, "DELETE FROM infra_waiting WHERE queue = ?1 AND priority = ?2 AND last < ?3")
            .bind(queue, in.priority, partly ? partly->last : place)
            .run();
        if (!partly)
            continue;
        std::erase_if(partly->jobs, [&](const line_place& who) { return who.place <= place; });
        replace(db, *partly);
    }
}

} // namespace infra::queue::sqlite
