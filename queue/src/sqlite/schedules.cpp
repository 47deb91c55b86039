#include "schedules.hpp"

#include "stored_schedule.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <tuple>

namespace infra::queue::sqlite {
namespace {

/// The job that is to run at the schedule's next time, however far it is.
std::optional<job_row> run_row(store& s, const std::string& queue, const stored_schedule& of) {
    return of.next ? find_row(s, job_key{queue, run_id(of.id, from_unix_ms(*of.next))}) : std::nullopt;
}

bool stands(const std::optional<job_row>& run) {
    return run && (run->state == job_state::waiting || run->state == job_state::delayed);
}

/// False if there is one that does not stand, since somebody has taken it.
bool take_away_run(store& s, const ledger::row& queue, const stored_schedule& of) {
    const auto run = run_row(s, queue.name, of);
    if (stands(run))
        remove_job(s, *run, from_unix_ms(of.defined_at));
    return !run || stands(run);
}

// Unless it is there already: active, or over.
void place_run(store& s, ledger::row& queue, const stored_schedule& of, wall_time now) {
    if (!of.next)
        return;
    const auto next = from_unix_ms(*of.next);
    auto options = read_options(of.options, s.db);
    options.priority = of.priority;
    add_job(s, queue,
            {.queue = queue.name,
             .id = run_id(of.id, next),
             .name = of.name,
             .data = of.data,
             .options = options,
             .created_at = now,
             .run_at = next > now ? std::optional(next) : std::nullopt,
             .expires_at = options.ttl ? std::optional(saturating_add(next, *options.ttl)) : std::nullopt});
}

void rewrite(store& s, std::int64_t seq, const stored_schedule& to) {
    const auto& kind = s.kinds.get(s.db, to.name, read_options(to.options, s.db));
    const bool has_number = kind.id != 0, is_large = to.data.size() > most_inline_bytes;
    const auto text = [](bool there, const std::string& of) {
        return there ? std::optional(std::string_view(of)) : std::nullopt;
    };
    query(s.db, "UPDATE infra_jobs SET kind = ?2, name = ?3, options = ?4, priority = ?5, data = ?6 WHERE seq = ?1")
        .bind(seq, has_number ? std::optional(kind.id) : std::nullopt, text(!has_number, to.name),
              text(!has_number, to.options), to.priority, text(!is_large, to.data))
        .run();
    forget_payload(s, seq);
    if (!is_large)
        return;
    query(s.db, "INSERT INTO infra_payloads (seq, data) VALUES (?1, ?2)").bind(seq, to.data).run();
    s.queues.payload_added();
}

// The run that stands there keeps its place, but for another priority.
void change_run(store& s, const job_row& run, const stored_schedule& to) {
    if (run.state == job_state::waiting)
        leave_place(s, *run.queue, run.seq);
    rewrite(s, run.seq, to);
    if (run.state == job_state::waiting)
        stand_in_line(s, *run.queue, {to.priority, run.place, run.seq, run.expires_at});
}

void upsert_one(store& s, const new_schedule& asked) {
    auto& queue = s.queues.get(s.db, asked.queue);
    const auto known = read_schedule(s, queue.id, asked.id);
    auto wanted = to_stored(asked);
    const bool stays = known && (known->paused_since || known->recurrence == wanted.recurrence);
    if (stays)
        wanted.next = known->next;
    else if (known)
        take_away_run(s, queue, *known);
    write_schedule(s, queue.id, wanted);
    const auto run = run_row(s, asked.queue, wanted);
    if (!run)
        place_run(s, queue, wanted, asked.now);
    else if (stands(run) && !(known && is_same_work(*known, wanted)))
        change_run(s, *run, wanted);
}

bool remove_one(store& s, const schedule_key& key) {
    const auto* queue = s.queues.find(key.queue);
    const auto known = queue ? read_schedule(s, queue->id, key.id) : std::nullopt;
    if (!known)
        return false;
    take_away_run(s, *queue, *known);
    query(s.db, "DELETE FROM infra_schedules WHERE queue = ?1 AND id = ?2").bind(queue->id, key.id).run();
    return true;
}

// A run that is not taken away although it is there was begun before.
bool pause_one(store& s, const schedule_key& key, wall_time now) {
    const auto* queue = s.queues.find(key.queue);
    const auto known = queue ? read_schedule(s, queue->id, key.id) : std::nullopt;
    if (!known || known->paused_since)
        return known.has_value();
    const bool has_begun = !take_away_run(s, *queue, *known);
    query(s.db,
          "UPDATE infra_schedules SET runs = runs + ?3, last = iif(?3, next, last), next = NULL, paused_since = ?4 "
          "WHERE queue = ?1 AND id = ?2")
        .bind(queue->id, key.id, has_begun, to_unix_ms(now))
        .run();
    return true;
}

bool resume_one(store& s, const resume_request& by) {
    auto* queue = s.queues.find(by.of.queue);
    auto known = queue ? read_schedule(s, queue->id, by.of.id) : std::nullopt;
    if (!known || !known->paused_since || to_info(s, queue->name, *known).when != by.when)
        return false;
    known->next = by.next ? std::optional(to_unix_ms(*by.next)) : std::nullopt;
    query(s.db, "UPDATE infra_schedules SET next = ?3, paused_since = NULL WHERE queue = ?1 AND id = ?2")
        .bind(queue->id, by.of.id, known->next)
        .run();
    place_run(s, *queue, *known, by.now);
    return true;
}

bool advance_one(store& s, const advance_request& by) {
    auto* queue = s.queues.find(by.of.queue);
    auto known = queue ? read_schedule(s, queue->id, by.of.id) : std::nullopt;
    if (!known || known->next != to_unix_ms(by.run))
        return false;
    known->next = by.next ? std::optional(to_unix_ms(*by.next)) : std::nullopt;
    query(s.db, "UPDATE infra_schedules SET runs = runs + ?3, last = next, next = ?4 WHERE queue = ?1 AND id = ?2")
        .bind(queue->id, by.of.id, by.made, known->next)
        .run();
    place_run(s, *queue, *known, by.now);
    return true;
}

} // namespace

void upsert(store& s, const std::vector<new_schedule>& schedules) {
    for (const auto& each : schedules)
        upsert_one(s, each);
    s.refuse_if_too_large();
}

std::vector<bool> remove_schedules(store& s, const std::vector<schedule_key>& keys) {
    std::vector<bool> removed;
    removed.reserve(keys.size());
    for (const auto& each : keys)
        removed.push_back(remove_one(s, each));
    return removed;
}

std::vector<bool> pause_schedules(store& s, const std::vector<schedule_key>& keys, wall_time now) {
    std::vector<bool> known;
    known.reserve(keys.size());
    for (const auto& each : keys)
        known.push_back(pause_one(s, each, now));
    return known;
}

std::vector<bool> resume_schedules(store& s, const std::vector<resume_request>& requests) {
    std::vector<bool> resumed;
    resumed.reserve(requests.size());
    for (const auto& each : requests)
        resumed.push_back(resume_one(s, each));
    s.refuse_if_too_large();
    return resumed;
}

std::vector<schedule_info> schedules(store& s, const std::optional<std::string>& queue) {
    std::vector<schedule_info> all;
    const auto* of = queue ? s.queues.find(*queue) : nullptr;
    if (queue && !of)
        return all;
    for (const auto& each : read_schedules(s, of)) {
        const auto& name = s.queues.find(each.queue).name;
        all.push_back(to_info(s, name, each));
        if (const auto run = run_row(s, name, each))
            all.back().pending = run->state;
    }
    std::ranges::sort(all, {}, [](const schedule_info& each) { return std::tie(each.queue, each.id); });
    return all;
}

std::vector<bool> advance(store& s, const std::vector<advance_request>& requests) {
    std::vector<bool> advanced;
    advanced.reserve(requests.size());
    for (const auto& each : requests)
        advanced.push_back(advance_one(s, each));
    return advanced;
}

// Only such a job has an id with colons.
bool is_pending_run(store& s, const job_row& job) {
    const auto run = run_of(job.id);
    return run && query(s.db, "SELECT 1 FROM infra_schedules WHERE queue = ?1 AND id = ?2 AND next = ?3")
                      .bind(job.queue->id, run->first, to_unix_ms(run->second))
                      .step();
}

bool has_schedules(store& s, const ledger::row& queue) {
    return query(s.db, "SELECT 1 FROM infra_schedules WHERE queue = ?1 LIMIT 1").bind(queue.id).step();
}

} // namespace infra::queue::sqlite
