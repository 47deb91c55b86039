#include "events.hpp"

#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <charconv>

namespace infra::queue::sqlite {
namespace {

constexpr auto last_kind = static_cast<std::uint64_t>(job_event::kind::waiting_children);

} // namespace

void event_log::load(database& db) {
    queues_.clear();
    changed_.clear();
    query q(db, "SELECT queue, until, last_number, forgotten FROM infra_followed");
    while (q.step())
        queues_[q.integer(0)] = {.until = q.integer(1),
                                 .last = static_cast<std::uint64_t>(q.integer(2)),
                                 .forgotten = static_cast<std::uint64_t>(q.integer(3))};
}

void event_log::save(database& db) {
    for (const auto queue : changed_) {
        auto& each = queues_.at(queue);
        each.is_changed = false;
        each.forgotten = std::max(each.forgotten, each.last - std::min<std::uint64_t>(each.last, max_events));
        query(db,
              "INSERT INTO infra_followed (queue, until, last_number, forgotten) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
              "DO UPDATE SET until = excluded.until, last_number = excluded.last_number, forgotten = "
              "excluded.forgotten")
            .bind(queue, each.until, each.last, each.forgotten)
            .run();
        query(db, "DELETE FROM infra_events WHERE queue = ?1 AND number <= ?2").bind(queue, each.forgotten).run();
    }
    changed_.clear();
}

// The first event that nobody waited for ends the record.
bool event_log::is_followed_until(std::int64_t queue, std::int64_t at) {
    const auto found = queues_.find(queue);
    if (found == queues_.end() || found->second.until == 0)
        return false;
    auto& each = found->second;
    if (at < each.until)
        return true;
    each.until = 0;
    each.forgotten = each.last;
    if (!std::exchange(each.is_changed, true))
        changed_.push_back(queue);
    return false;
}

void event_log::add(database& db, std::int64_t queue, const job_event& event) {
    auto& log = queues_.at(queue);
    query(db, "INSERT INTO infra_events (queue, number, what, at, id, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .bind(queue, ++log.last, static_cast<int>(event.what), to_unix_ms(event.at), event.id, event.data)
        .run();
    if (!std::exchange(log.is_changed, true))
        changed_.push_back(queue);
}

// For longer than was asked for, so that those who ask again and again need not be written down each time.
void event_log::follow(std::int64_t queue, wall_time now, std::chrono::milliseconds long_enough) {
    auto& log = queues_[queue];
    if (log.until >= to_unix_ms(saturating_add(now, long_enough)))
        return;
    log.until = to_unix_ms(saturating_add(now, long_enough + long_enough / 4));
    if (!std::exchange(log.is_changed, true))
        changed_.push_back(queue);
}

std::uint64_t event_log::last(std::int64_t queue) const noexcept {
    const auto found = queues_.find(queue);
    return found == queues_.end() ? 0 : found->second.last;
}

events_page event_log::read(database& db, std::int64_t queue, std::uint64_t after, std::size_t max) const {
    const auto& log = queues_.at(queue);
    events_page page{.missed = after < log.forgotten || after > log.last}; // the second: of another file
    query q(db, "SELECT number, what, at, id, data FROM infra_events WHERE queue = ?1 AND number > ?2 ORDER BY number "
                "LIMIT ?3");
    q.bind(queue, std::min(after, log.last), std::min<std::size_t>(max, max_events));
    while (q.step())
        if (const auto what = static_cast<std::uint64_t>(q.integer(1)); what <= last_kind)
            page.events.push_back({.number = static_cast<std::uint64_t>(q.integer(0)),
                                   .what = static_cast<job_event::kind>(what),
                                   .id = q.text(3),
                                   .at = from_unix_ms(q.integer(2)),
                                   .data = q.text(4)});
    page.next = std::to_string(page.events.empty() ? log.last : page.events.back().number);
    return page;
}

void event_log::forget(database& db, std::int64_t queue) {
    query(db, "DELETE FROM infra_events WHERE queue = ?1").bind(queue).run();
    query(db, "DELETE FROM infra_followed WHERE queue = ?1").bind(queue).run();
    std::erase(changed_, queue);
    queues_.erase(queue);
}

void record(store& s, const ledger::row& queue, job_event::kind what, std::string_view id, wall_time at,
            std::string_view data) {
    if (!s.events.is_followed(queue.id, at))
        return;
    s.events.add(s.db, queue.id, {.what = what, .id = std::string(id), .at = at, .data = std::string(data)});
    s.brought_work = true;
}

events_page events(store& s, const events_request& request) {
    const auto& queue = s.queues.get(s.db, request.queue);
    s.events.follow(queue.id, request.now, request.keep_recording);
    auto page = s.events.read(s.db, queue.id, event_number(request.cursor, s.events.last(queue.id)), request.max);
    for (auto& each : page.events)
        each.queue = request.queue;
    return page;
}

bool has_events(store& s, const events_request& request) {
    const auto* queue = s.queues.find(request.queue);
    return queue && s.events.last(queue->id) > event_number(request.cursor, 0);
}

std::uint64_t event_number(std::string_view cursor, std::uint64_t without) noexcept {
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), without);
    return without;
}

} // namespace infra::queue::sqlite
