#include "storage.hpp"

#include <algorithm>

namespace infra::queue {
namespace {

template <class Records>
std::size_t groups_that_wait(const Records& jobs, const std::string& queue) {
    std::set<std::string_view> groups;
    for (const auto& [number, each] : jobs)
        if (each.info.queue == queue && each.info.state == job_state::waiting && !each.info.group.empty())
            groups.insert(each.info.group);
    return groups.size();
}

} // namespace

memory_storage::queue_record& memory_storage::queue_of(const std::string& name) {
    const auto [place, is_new] = queues_.try_emplace(name);
    if (is_new)
        place->second.settings.queue = name;
    return place->second;
}

const memory_storage::queue_record* memory_storage::find_queue(const std::string& name) const {
    const auto found = queues_.find(name);
    return found == queues_.end() ? nullptr : &found->second;
}

const memory_storage::record* memory_storage::find(const std::string& queue, std::string_view id) const {
    if (queue.empty())
        return find_in_any(id);
    for (const auto& [number, each] : jobs_)
        if (each.info.id == id && each.info.queue == queue)
            return &each;
    return nullptr;
}

const memory_storage::record* memory_storage::find_in_any(std::string_view id) const {
    const record* found = nullptr;
    std::vector<std::string> queues;
    for (const auto& [number, each] : jobs_)
        if (each.info.id == id) {
            found = &each;
            queues.push_back(each.info.queue);
        }
    if (queues.size() > 1)
        throw ambiguous_error(id, std::move(queues));
    return found;
}

memory_storage::record* memory_storage::find(const std::string& queue, std::string_view id) {
    return const_cast<record*>(std::as_const(*this).find(queue, id));
}

const memory_storage::record* memory_storage::at(std::uint64_t number) const {
    const auto found = jobs_.find(number);
    return found == jobs_.end() ? nullptr : &found->second;
}

memory_storage::record* memory_storage::at(std::uint64_t number) {
    return const_cast<record*>(std::as_const(*this).at(number));
}

memory_storage::record* memory_storage::held(const lease& by) {
    auto* r = find(by.job.queue, by.job.id);
    return r && r->info.state == job_state::active && r->token == by.token ? r : nullptr;
}

std::vector<memory_storage::record*> memory_storage::in(job_state state, std::string_view queue) {
    std::vector<record*> found;
    for (auto& [number, each] : jobs_)
        if (each.info.state == state && (queue.empty() || each.info.queue == queue))
            found.push_back(&each);
    return found;
}

std::size_t memory_storage::count(job_state state, std::string_view queue) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        jobs_, [&](const auto& each) { return each.second.info.state == state && each.second.info.queue == queue; }));
}

job_info memory_storage::shown(const record& r) const {
    auto info = r.info;
    if (!at(r.parent))
        info.parent.reset();
    for (const auto& [number, child] : r.children)
        ++(child.state == child_state::pending     ? info.children.pending
           : child.state == child_state::completed ? info.children.completed
                                                   : info.children.failed);
    return info;
}

std::vector<std::optional<job_info>> memory_storage::get(const std::vector<job_key>& asked) const {
    std::vector<std::optional<job_info>> found(asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (const auto* r = find(asked[i].queue, asked[i].id))
            found[i] = shown(*r);
    return found;
}

std::vector<job_info> memory_storage::jobs_that(const std::function<bool(const job_info&)>& which) const {
    std::vector<job_info> found;
    for (const auto& [number, each] : jobs_)
        if (auto info = shown(each); which(info))
            found.push_back(std::move(info));
    return found;
}

std::vector<queue_counts> memory_storage::counts(std::vector<std::string> queues) const {
    if (queues.empty())
        for (const auto& [name, queue] : queues_)
            queues.push_back(name);
    std::vector<queue_counts> all;
    for (const auto& name : queues)
        all.push_back({.queue = name,
                       .waiting = count(job_state::waiting, name),
                       .delayed = count(job_state::delayed, name),
                       .active = count(job_state::active, name),
                       .completed = count(job_state::completed, name),
                       .failed = count(job_state::failed, name),
                       .waiting_children = count(job_state::waiting_children, name),
                       .groups = groups_that_wait(jobs_, name),
                       .paused = settings(name).paused});
    return all;
}

void memory_storage::wait_again(record& r, std::int64_t place, wall_time since, std::optional<wall_time> run_at) {
    r.info.state = run_at ? job_state::delayed : job_state::waiting;
    r.info.run_at = run_at;
    r.waiting_since = run_at.value_or(since);
    r.info.cancel_requested = false;
    r.info.worker.clear();
    r.place = place;
    settle(r.info.queue, r.info.group);
}

/// Whoever ends a job, ends it here, and all those above it that fail because of it. The record may be gone afterwards.
void memory_storage::end(record& r, job_state state, std::string reason, wall_time at, const keep& kept) {
    auto child = job_key{r.info.queue, r.info.id};
    auto* fails = end_one(r, state, std::move(reason), at, kept);
    while (fails) {
        reason = reason_of_failed_child(child.queue + ":" + child.id);
        child = {fails->info.queue, fails->info.id};
        fails = end_one(*fails, job_state::failed, std::move(reason), at, fails->info.options.keep_failed);
    }
}

/// The parent that is to fail because of it; null if none.
memory_storage::record* memory_storage::end_one(record& r, job_state state, std::string reason, wall_time at,
                                                const keep& kept) {
    r.info.state = state;
    r.info.run_at.reset();
    r.info.finished_at = at;
    r.place = ++numbers_;
    r.info.cancel_requested = false;
    r.info.worker.clear();
    settle(r.info.queue, r.info.group);
    if (state == job_state::failed)
        r.info.failed_reason = reason;
    record_event(r, state == job_state::completed ? kind::completed : kind::failed, at,
                 state == job_state::completed ? r.info.result : std::move(reason));
    count_end(r, at);
    tell_of_end(r, shown(r));
    release_slot(r, at);
    auto* fails = tell_parent(r, at);
    if (kept.count == 0u)
        forget(r, at);
    else
        forget_beyond(std::string(r.info.queue), state, kept, at);
    return fails;
}

void memory_storage::forget(record& r, wall_time at) {
    tell_of_end(r, std::nullopt);
    detach(r, at);
    const auto gone = jobs_.extract(r.number);
    settle(gone.mapped().info.queue, gone.mapped().info.group);
}

void memory_storage::tell_of_end(const record& r, std::optional<job_info> as) {
    std::erase_if(end_waits_, [&](const end_wait& w) {
        const bool is_it = w.job.id == r.info.id && w.job.queue == r.info.queue;
        if (is_it)
            w.end.set_value(as);
        return is_it;
    });
}

std::size_t memory_storage::forget_beyond(const std::string& queue, job_state state, const keep& kept, wall_time now) {
    if (!kept.age && (!kept.count || count(state, queue) <= *kept.count))
        return 0;
    const auto finished = sorted(in(state, queue), [](const record* r) { return r->place; }); // not by a clock
    const auto oldest = kept.age ? saturating_add(now, -*kept.age) : wall_time::min();
    const auto excess = finished.size() - std::min(finished.size(), kept.count.value_or(finished.size()));
    std::size_t gone = 0;
    while (gone < finished.size() && (gone < excess || *finished[gone]->info.finished_at < oldest))
        forget(*finished[gone++], now);
    return gone;
}

std::size_t memory_storage::prune(const std::vector<prune_request>& requests) {
    std::size_t gone = 0;
    for (const auto& each : requests) {
        gone += forget_beyond(each.queue, job_state::completed, each.completed, each.now);
        gone += forget_beyond(each.queue, job_state::failed, each.failed, each.now);
    }
    return gone;
}

void memory_storage::publish(const names& queues) const {
    for (const auto& each : handles)
        if (const auto handle = each.lock())
            handle->work.publish(queues);
}

void memory_storage::record_event(const record& r, kind what, wall_time at, std::string data) {
    record_event(r.info.queue, what, r.info.id, at, std::move(data));
}

} // namespace infra::queue
