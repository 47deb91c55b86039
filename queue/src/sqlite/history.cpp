#include "history.hpp"

#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

std::int64_t minute_of(wall_time at) { return to_unix_ms(std::chrono::floor<std::chrono::minutes>(at)); }

} // namespace

// Most often it is the last one again.
void minute_tally::add(std::int64_t queue, job_state as, wall_time at) {
    const auto minute = minute_of(at);
    const auto same = [&](const ends& each) { return each.queue == queue && each.minute == minute; };
    auto found = !ends_.empty() && same(ends_.back()) ? std::prev(ends_.end()) : std::ranges::find_if(ends_, same);
    if (found == ends_.end())
        found = ends_.insert(found, {.queue = queue, .minute = minute});
    ++(as == job_state::completed ? found->completed : found->failed);
}

void minute_tally::save(database& db) {
    for (const auto& each : ends_) {
        query(db, "INSERT INTO infra_minutes (queue, minute, completed, failed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO "
                  "UPDATE SET completed = completed + excluded.completed, failed = failed + excluded.failed")
            .bind(each.queue, each.minute, each.completed, each.failed)
            .run();
        forget_old(db, each);
    }
    clear();
}

// Once for each minute.
void minute_tally::forget_old(database& db, const ends& latest) {
    const auto [known, is_first] = pruned_.try_emplace(latest.queue, latest.minute);
    if (!is_first && latest.minute <= known->second)
        return;
    known->second = latest.minute;
    constexpr std::int64_t kept = std::chrono::milliseconds(history_kept).count();
    query(db, "DELETE FROM infra_minutes WHERE queue = ?1 AND minute < ?2")
        .bind(latest.queue, latest.minute - kept)
        .run();
}

void forget_traces(store& s, const ledger::row& queue) {
    s.minutes.save(s.db); // what ended in this transaction, too
    query(s.db, "DELETE FROM infra_minutes WHERE queue = ?1").bind(queue.id).run();
    s.events.forget(s.db, queue.id);
}

std::vector<minute_counts> history(store& s, const std::string& queue, wall_time from, wall_time to) {
    std::vector<minute_counts> found;
    const auto* row = s.queues.find(queue);
    if (!row)
        return found;
    query q(s.db,
            "SELECT minute, completed, failed FROM infra_minutes WHERE queue = ?1 AND minute >= ?2 AND minute < ?3 "
            "ORDER BY minute");
    q.bind(row->id, to_due_ms(from), to_due_ms(to));
    while (q.step())
        found.push_back({.minute = from_unix_ms(q.integer(0)),
                         .completed = static_cast<std::size_t>(q.integer(1)),
                         .failed = static_cast<std::size_t>(q.integer(2))});
    return found;
}

} // namespace infra::queue::sqlite
