#include "storage.hpp"

#include <algorithm>

namespace infra::queue {

/// Those that may be taken, first the first.
std::vector<memory_storage::record*> memory_storage::line(const std::string& queue) {
    std::vector<record*> standing;
    for (auto* r : in(job_state::waiting, queue))
        if (r->info.group.empty())
            standing.push_back(r);
    const auto& groups = queue_of(queue).groups;
    for (const auto& [name, group] : groups)
        if (group.turn)
            standing.push_back(head_of(queue, name));
    return sorted(standing, [&groups](const record* r) {
        return std::pair(r->info.options.priority, r->info.group.empty() ? r->place : *groups.at(r->info.group).turn);
    });
}

/// Null if nothing of the group waits.
memory_storage::record* memory_storage::head_of(const std::string& queue, const std::string& group) {
    record* head = nullptr;
    const auto order = [](const record* r) { return std::pair(r->info.options.priority, r->place); };
    for (auto* r : in(job_state::waiting, queue))
        if (r->info.group == group && (!head || order(r) < order(head)))
            head = r;
    return head;
}

std::size_t memory_storage::active_of(const std::string& queue, const std::string& group) const {
    return static_cast<std::size_t>(std::ranges::count_if(jobs_, [&](const auto& each) {
        const auto& job = each.second.info;
        return job.state == job_state::active && job.queue == queue && job.group == group;
    }));
}

/// After anything that may change which of a group stands in the line, or whether one does.
void memory_storage::settle(const std::string& queue, const std::string& group) {
    if (group.empty())
        return;
    auto& q = queue_of(queue);
    auto& g = q.groups[group];
    const bool stands = head_of(queue, group) && is_open(q.settings.per_group, active_of(queue, group), g.rate);
    if (!stands)
        g.turn.reset();
    else if (!g.turn)
        g.turn = ++numbers_;
    if (!stands && !g.rate && !head_of(queue, group))
        q.groups.erase(group);
}

void memory_storage::settle_all(const std::string& queue) {
    std::vector<std::string> names;
    for (const auto& [name, group] : queue_of(queue).groups)
        names.push_back(name);
    for (const auto& each : names)
        settle(queue, each);
}

/// Whose window is over, in the order in which they ended.
void memory_storage::open_groups(wall_time now) {
    names touched;
    for (auto& [queue, q] : queues_) {
        std::vector<std::pair<wall_time, std::string>> opening;
        for (const auto& [name, group] : q.groups)
            if (group.rate && is_over(*group.rate, q.settings.per_group.rate, now))
                opening.emplace_back(group.rate->from, name);
        std::ranges::sort(opening);
        for (const auto& [from, name] : opening) {
            q.groups[name].rate.reset();
            settle(queue, name);
            touched.insert(queue);
        }
    }
    publish(touched);
}

void memory_storage::count_start(const record& r, wall_time now) {
    auto& q = queue_of(r.info.queue);
    if (q.settings.rate.max > 0)
        q.rate = after_start(q.rate, q.settings.rate, now);
    if (r.info.group.empty())
        return;
    auto& g = q.groups[r.info.group];
    g.turn.reset();
    if (q.settings.per_group.rate.max > 0)
        g.rate = after_start(g.rate, q.settings.per_group.rate, now);
    settle(r.info.queue, r.info.group);
}

/// When the first of the groups that wait for their window may start a job again.
std::optional<wall_time> memory_storage::next_opening(const std::string& queue) {
    std::optional<wall_time> next;
    const auto& q = queue_of(queue);
    for (const auto& [name, group] : q.groups)
        if (group.rate && !group.turn && head_of(queue, name))
            if (const auto end = saturating_add(group.rate->from, q.settings.per_group.rate.duration);
                !next || end < *next)
                next = end;
    return next;
}

} // namespace infra::queue
