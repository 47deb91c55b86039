#include "ledger.hpp"

#include <utility>

namespace infra::queue::sqlite {

void ledger::load(database& db) {
    mark();
    changed_.clear();
    rows_.clear();
    by_id_.clear();
    query queues(db, "SELECT id, name, waiting, delayed, active, completed, failed FROM infra_queues");
    while (queues.step()) {
        row read{.id = queues.integer(0), .name = queues.text(1)};
        for (int i = 0; i < static_cast<int>(job_states); ++i)
            read.jobs[static_cast<std::size_t>(i)] = queues.integer(2 + i);
        const auto place = rows_.emplace(read.name, read).first;
        by_id_.emplace(read.id, &place->second);
    }
    query number(db, "SELECT next_number FROM infra_queue");
    number.step();
    next_number_ = saved_number_ = number.integer(0);
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
    if (next_number_ != saved_number_)
        query(db, "UPDATE infra_queue SET next_number = ?1").bind(next_number_).run();
    saved_number_ = next_number_;
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

void ledger::change(row& queue, job_state s, int by) {
    queue.jobs[static_cast<std::size_t>(s)] += by;
    if (!std::exchange(queue.dirty, true))
        changed_.push_back(&queue);
    steps_.push_back({&queue, s, by});
}

void ledger::mark() noexcept {
    steps_.clear();
    made_.clear();
}

// Numbers are not taken back: a gap costs nothing.
void ledger::undo() {
    for (const auto& each : steps_)
        each.queue->jobs[static_cast<std::size_t>(each.state)] -= each.by;
    for (const auto& name : made_) {
        const auto gone = rows_.find(name);
        std::erase(changed_, &gone->second);
        by_id_.erase(gone->second.id);
        rows_.erase(gone);
    }
    mark();
}

} // namespace infra::queue::sqlite
