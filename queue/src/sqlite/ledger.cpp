#include "ledger.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {

void ledger::load(database& db) {
    mark();
    load_queues(db);
    load_numbers(db);
    query ends(db, "SELECT min(lease_until), max(lease_until) FROM infra_active");
    ends.step();
    leases_ = {};
    if (!ends.is_null(0))
        leases_ = {ends.integer(0), ends.integer(1)};
    has_payloads_ = query(db, "SELECT 1 FROM infra_payloads LIMIT 1").step();
}

void ledger::load_queues(database& db) {
    changed_.clear();
    rows_.clear();
    by_id_.clear();
    totals_ = {};
    query queues(db, "SELECT id, name, waiting, delayed, active, completed, failed FROM infra_queues");
    while (queues.step()) {
        row read{.id = queues.integer(0), .name = queues.text(1)};
        for (std::size_t i = 0; i < job_states; ++i)
            totals_[i] += read.jobs[i] = queues.integer(2 + static_cast<int>(i));
        const auto place = rows_.emplace(read.name, read).first;
        by_id_.emplace(read.id, &place->second);
    }
}

void ledger::load_numbers(database& db) {
    query q(db, "SELECT next_seq, next_number, incarnation FROM infra_queue");
    q.step();
    saved_numbers_ = {q.integer(0), q.integer(1)};
    std::tie(next_seq_, next_number_) = saved_numbers_;
    incarnation_ = q.integer(2);
}

void ledger::save(database& db) {
    for (auto* each : changed_) {
        const auto& n = each->jobs;
        query(db, "UPDATE infra_queues SET waiting = ?1, delayed = ?2, active = ?3, completed = ?4, failed = ?5 WHERE "
                  "id = ?6")
            .bind(n[0], n[1], n[2], n[3], n[4], each->id)
            .run();
        each->dirty = false;
    }
    changed_.clear();
    const std::pair numbers(next_seq_, next_number_);
    if (numbers != saved_numbers_)
        query(db, "UPDATE infra_queue SET next_seq = ?1, next_number = ?2").bind(next_seq_, next_number_).run();
    saved_numbers_ = numbers;
}

ledger::row* ledger::find(std::string_view name) noexcept {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nullptr : &found->second;
}

ledger::row& ledger::get(database& db, std::string_view name) {
    if (auto* there = find(name))
        return *there;
    query made(db, "INSERT INTO infra_queues (name) VALUES (?1) RETURNING id");
    made.bind(name).step();
    const auto place = rows_.emplace(name, row{.id = made.integer(0), .name = std::string(name)}).first;
    by_id_.emplace(place->second.id, &place->second);
    made_.emplace_back(name);
    return place->second;
}

void ledger::leased_until(std::int64_t end) noexcept {
    leases_ = {std::min(leases_.first, end), std::max(leases_.last, end)};
}

void ledger::change(row& queue, job_state s, std::int64_t by) {
    queue.jobs[static_cast<std::size_t>(s)] += by;
    totals_[static_cast<std::size_t>(s)] += by;
    if (!std::exchange(queue.dirty, true))
        changed_.push_back(&queue);
    if (!steps_.empty() && steps_.back().queue == &queue && steps_.back().state == s)
        steps_.back().by += by;
    else
        steps_.push_back({&queue, s, by});
}

void ledger::mark() noexcept {
    steps_.clear();
    made_.clear();
}

// Numbers are not taken back: a gap costs nothing. Nor are the bounds of leases, which may be too wide.
void ledger::undo() {
    for (const auto& each : steps_) {
        each.queue->jobs[static_cast<std::size_t>(each.state)] -= each.by;
        totals_[static_cast<std::size_t>(each.state)] -= each.by;
    }
    for (const auto& name : made_) {
        const auto gone = rows_.find(name);
        std::erase(changed_, &gone->second);
        by_id_.erase(gone->second.id);
        rows_.erase(gone);
    }
    mark();
}

} // namespace infra::queue::sqlite
