#include "storage.hpp"

#include <algorithm>

namespace infra::queue {

void memory_storage::upsert(const std::vector<new_schedule>& all) {
    names touched;
    for (const auto& each : all) {
        auto [place, is_new] = queue_of(each.queue).schedules.try_emplace(each.id);
        auto& s = place->second;
        const bool stays = !is_new && (s.paused_since || s.when == each.when);
        if (!stays)
            take_away_run(s);
        s = {.queue = each.queue,
             .id = each.id,
             .when = each.when,
             .name = each.name,
             .data = each.data,
             .options = each.options,
             .runs = s.runs,
             .next = stays ? s.next : each.next,
             .last = s.last,
             .defined_at = each.now,
             .paused_since = s.paused_since};
        if (auto* run = pending_run(s)) {
            run->info.name = s.name;
            run->info.data = s.data;
            run->info.options = s.options;
        } else {
            place_run(s, each.now);
        }
        touched.insert(each.queue);
    }
    publish(touched);
}

/// Unless that run is there already: active, or over.
void memory_storage::place_run(schedule_info& s, wall_time now) {
    if (!s.next || find(s.queue, run_id(s.id, *s.next)))
        return;
    add({.queue = s.queue,
         .id = run_id(s.id, *s.next),
         .name = s.name,
         .data = s.data,
         .options = s.options,
         .created_at = now,
         .run_at = *s.next > now ? s.next : std::nullopt,
         .expires_at = s.options.ttl ? std::optional(saturating_add(*s.next, *s.options.ttl)) : std::nullopt});
}

/// Null if that is active, over, or nowhere.
memory_storage::record* memory_storage::pending_run(const schedule_info& s) {
    auto* r = s.next ? find(s.queue, run_id(s.id, *s.next)) : nullptr;
    return r && (r->info.state == job_state::waiting || r->info.state == job_state::delayed) ? r : nullptr;
}

/// False if there was none to take.
bool memory_storage::take_away_run(const schedule_info& s) {
    auto* run = pending_run(s);
    if (run)
        forget(*run, s.defined_at);
    return run;
}

std::vector<bool> memory_storage::remove_schedules(const std::vector<schedule_key>& keys) {
    std::vector<bool> removed;
    for (const auto& key : keys) {
        auto& all = queue_of(key.queue).schedules;
        const auto found = all.find(key.id);
        removed.push_back(found != all.end());
        if (found == all.end())
            continue;
        take_away_run(found->second);
        all.erase(found);
    }
    return removed;
}

schedule_info* memory_storage::find_schedule(const schedule_key& key) {
    const auto q = queues_.find(key.queue);
    if (q == queues_.end())
        return nullptr;
    const auto found = q->second.schedules.find(key.id);
    return found != q->second.schedules.end() ? &found->second : nullptr;
}

std::vector<bool> memory_storage::pause_schedules(const std::vector<schedule_key>& keys, wall_time now) {
    std::vector<bool> known;
    for (const auto& key : keys) {
        auto* s = find_schedule(key);
        known.push_back(s);
        if (s && !s->paused_since)
            pause(*s, now);
    }
    return known;
}

/// A run that is not taken away although it is there was begun before.
void memory_storage::pause(schedule_info& s, wall_time now) {
    if (!take_away_run(s) && state_of_run(s)) {
        ++s.runs;
        s.last = s.next;
    }
    s.next.reset();
    s.paused_since = now;
}

std::vector<bool> memory_storage::resume_schedules(const std::vector<resume_request>& requests) {
    std::vector<bool> resumed;
    names touched;
    for (const auto& each : requests) {
        auto* s = find_schedule(each.of);
        const bool is_as_seen = s && s->paused_since && s->when == each.when;
        resumed.push_back(is_as_seen);
        if (!is_as_seen)
            continue;
        s->paused_since.reset();
        s->next = each.next;
        place_run(*s, each.now);
        touched.insert(each.of.queue);
    }
    publish(touched);
    return resumed;
}

std::optional<job_state> memory_storage::state_of_run(const schedule_info& s) const {
    const auto* r = s.next ? find(s.queue, run_id(s.id, *s.next)) : nullptr;
    return r ? std::optional(r->info.state) : std::nullopt;
}

std::vector<schedule_info> memory_storage::schedules(const std::optional<std::string>& queue) const {
    std::vector<schedule_info> found;
    for (const auto& [name, q] : queues_)
        if (!queue || *queue == name)
            for (const auto& [id, s] : q.schedules) {
                found.push_back(s);
                found.back().pending = state_of_run(s);
            }
    return found;
}

std::vector<bool> memory_storage::advance(const std::vector<advance_request>& requests) {
    std::vector<bool> advanced;
    names touched;
    for (const auto& each : requests) {
        auto& all = queue_of(each.of.queue).schedules;
        const auto found = all.find(each.of.id);
        const bool is_current = found != all.end() && found->second.next == each.run;
        advanced.push_back(is_current);
        if (!is_current)
            continue;
        auto& s = found->second;
        s.runs += each.made;
        s.last = s.next;
        s.next = each.next;
        place_run(s, each.now);
        touched.insert(each.of.queue);
    }
    publish(touched);
    return advanced;
}

} // namespace infra::queue
