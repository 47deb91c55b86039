#include "storage.hpp"

#include <algorithm>
#include <charconv>

namespace infra::queue {

// Only while somebody follows.
void memory_storage::record_event(const std::string& queue, kind what, const job_id& id, wall_time at,
                                  std::string data) {
    auto& q = queue_of(queue);
    if (at >= q.followed_until)
        return q.events.clear();
    q.events.push_back(
        {.number = ++q.event_numbers, .what = what, .queue = queue, .id = id, .at = at, .data = std::move(data)});
    if (q.events.size() > max_events)
        q.events.pop_front();
    for (const auto& each : handles)
        if (const auto handle = each.lock())
            handle->events.publish({queue});
}

events_page memory_storage::events(const events_request& request) {
    auto& q = queue_of(request.queue);
    q.followed_until = std::max(q.followed_until, saturating_add(request.now, request.keep_recording));
    auto read = q.event_numbers;
    std::from_chars(request.cursor.data(), request.cursor.data() + request.cursor.size(), read);
    events_page page;
    page.missed = read < q.event_numbers && (q.events.empty() || q.events.front().number > read + 1);
    for (const auto& each : q.events)
        if (each.number > read && page.events.size() < request.max)
            page.events.push_back(each);
    page.next = std::to_string(page.events.empty() ? q.event_numbers : page.events.back().number);
    return page;
}

} // namespace infra::queue
