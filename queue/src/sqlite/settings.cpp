#include "groups.hpp"
#include "schedules.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {

queue_settings configure(store& s, const settings_change& change) {
    auto& queue = s.queues.get(s.db, change.queue);
    auto flow = queue.flow;
    auto& now = flow.settings;
    now.paused = change.paused.value_or(now.paused);
    now.concurrency = change.concurrency.value_or(now.concurrency);
    now.rate = change.rate.value_or(now.rate);
    now.max_length = change.max_length.value_or(now.max_length);
    if (change.rate) {
        flow.rate_from.reset();
        flow.rate_started = 0;
    }
    const bool limits_groups_anew = change.per_group && *change.per_group != now.per_group;
    if (limits_groups_anew)
        flow.unsettled = {.windows_too = change.per_group->rate != now.per_group.rate ||
                                         (flow.unsettled && flow.unsettled->windows_too)};
    now.per_group = change.per_group.value_or(now.per_group);
    if (now.paused != queue.flow.settings.paused)
        record(s, queue, now.paused ? job_event::kind::paused : job_event::kind::resumed, {}, change.now);
    if (flow != queue.flow)
        s.queues.set_flow(queue, std::move(flow));
    if (limits_groups_anew)
        settle_some(s, queue);
    s.brought_work = true; // some may be taken now
    return queue.flow.settings;
}

queue_settings settings(store& s, const std::string& queue) {
    const auto* known = s.queues.find(queue);
    return known ? known->flow.settings : queue_settings{.queue = queue};
}

bool settle_groups(store& s, const std::string& queue) {
    auto* known = s.queues.find(queue);
    if (known)
        settle_some(s, *known);
    return !known || !known->flow.unsettled;
}

namespace {

/// True once none is left.
bool forget_deduplications(store& s, const ledger::row& queue) {
    query(s.db, "DELETE FROM infra_deduplications WHERE queue = ?1 AND id IN (SELECT id FROM infra_deduplications "
                "WHERE queue = ?1 LIMIT ?2)")
        .bind(queue.id, most_at_once)
        .run();
    return s.db.changes() < most_at_once;
}

} // namespace

std::optional<bool> forget_queue(store& s, const std::string& queue) {
    s.forget_beyond_kept();
    const auto* known = s.queues.find(queue);
    if (!known)
        return true;
    if (std::ranges::any_of(known->jobs, [](auto number) { return number > 0; }) || has_schedules(s, *known))
        return false;
    if (!forget_deduplications(s, *known) || !forget_groups(s, *known))
        return std::nullopt;
    forget_traces(s, *known);
    s.queues.forget(s.db, queue);
    return true;
}

} // namespace infra::queue::sqlite
