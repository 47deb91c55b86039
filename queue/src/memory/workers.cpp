#include "storage.hpp"

#include <algorithm>
#include <map>
#include <string_view>

// Who is there, and how long jobs have waited for them.

namespace infra::queue {

void memory_storage::attend(const claim_request& by, memory_handle& through) {
    const auto name = by.worker.substr(0, max_worker_bytes);
    if (name.empty() || (attendees_.size() >= max_workers && !attendees_.contains(name)))
        return;
    auto& who = attendees_.try_emplace(name, attendee{{.name = name, .since = by.now}, &through}).first->second;
    who.who.queues = by.queues;
}

void memory_storage::leave(const std::string& worker) { attendees_.erase(worker.substr(0, max_worker_bytes)); }

std::vector<worker_info> memory_storage::workers(const std::vector<std::string>& queues) const {
    std::vector<worker_info> found;
    for (const auto& [name, each] : attendees_)
        if (queues.empty() || std::ranges::find_first_of(each.who.queues, queues) != each.who.queues.end())
            found.push_back(each.who);
    std::ranges::sort(found, {}, [](const worker_info& each) { return std::pair(each.since, each.name); });
    return found;
}

// One walk for all of them: a worker asks now and then.
std::vector<std::optional<wall_time>> memory_storage::waiting_since(const std::vector<std::string>& queues,
                                                                    wall_time now) const {
    std::map<std::string_view, std::optional<wall_time>> longest;
    for (const auto& each : queues)
        longest.try_emplace(each);
    for (const auto& [number, each] : jobs_) {
        const bool waits = each.info.state == job_state::waiting ||
                           (each.info.state == job_state::delayed && each.waiting_since <= now);
        if (const auto of = waits ? longest.find(each.info.queue) : longest.end();
            of != longest.end() && (!of->second || each.waiting_since < *of->second))
            of->second = each.waiting_since;
    }
    std::vector<std::optional<wall_time>> all;
    for (const auto& each : queues)
        all.push_back(longest.at(each));
    return all;
}

} // namespace infra::queue
