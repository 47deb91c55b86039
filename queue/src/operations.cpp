#include <infra/queue/operations.hpp>

#include <algorithm>

namespace infra::queue {

std::string_view to_string(job_change what) noexcept {
    static constexpr std::string_view names[] = {"retry", "promote", "cancel", "remove"};
    return names[static_cast<std::size_t>(what)];
}

std::string_view to_string(job_event::kind what) noexcept {
    static constexpr std::string_view names[] = {"added",     "deduplicated", "active",           "progress",
                                                 "completed", "retrying",     "failed",           "returned",
                                                 "stalled",   "waiting",      "cancel_requested", "removed",
                                                 "paused",    "resumed",      "waiting_children"};
    return names[static_cast<std::size_t>(what)];
}

bool matches(const job_filter& filter, const job_info& job) {
    const auto holds = [](const std::string& text, const std::string& part) { return text.find(part) != text.npos; };
    return (filter.queue.empty() || job.queue == filter.queue) &&
           (filter.states.empty() || std::ranges::count(filter.states, job.state) > 0) &&
           (filter.name.empty() || job.name == filter.name) && holds(job.data, filter.data_contains) &&
           holds(job.failed_reason, filter.reason_contains) && (filter.group.empty() || job.group == filter.group) &&
           (!filter.created_before || job.created_at < *filter.created_before) &&
           (!filter.finished_before || (job.finished_at && *job.finished_at < *filter.finished_before));
}

} // namespace infra::queue
