#include <infra/queue/operations.hpp>

#include <algorithm>

namespace infra::queue {
namespace {

template <class T>
awaitable<T> not_there(const char* verb) {
    throw error(infra::errc::invalid_state,
                std::string("this queue's storage cannot ") + verb + "; another one can, such as memory:");
    co_return T();
}

} // namespace

std::string_view to_string(job_change what) noexcept {
    static constexpr std::string_view names[] = {"retry", "promote", "cancel", "remove"};
    return names[static_cast<std::size_t>(what)];
}

std::string_view to_string(job_event::kind what) noexcept {
    static constexpr std::string_view names[] = {
        "added",    "deduplicated", "active",  "progress",         "completed", "retrying", "failed",
        "returned", "stalled",      "waiting", "cancel_requested", "removed",   "paused",   "resumed"};
    return names[static_cast<std::size_t>(what)];
}

bool matches(const job_filter& filter, const job_info& job) {
    const auto holds = [](const std::string& text, const std::string& part) { return text.find(part) != text.npos; };
    return (filter.queue.empty() || job.queue == filter.queue) &&
           (filter.states.empty() || std::ranges::count(filter.states, job.state) > 0) &&
           (filter.name.empty() || job.name == filter.name) && holds(job.data, filter.data_contains) &&
           holds(job.failed_reason, filter.reason_contains) &&
           (!filter.created_before || job.created_at < *filter.created_before) &&
           (!filter.finished_before || (job.finished_at && *job.finished_at < *filter.finished_before));
}

awaitable<queue_settings> operations::configure(settings_change) { return not_there<queue_settings>("keep settings"); }
awaitable<queue_settings> operations::settings(std::string) { return not_there<queue_settings>("keep settings"); }
awaitable<bool> operations::forget_queue(std::string) { return not_there<bool>("forget queues"); }
awaitable<job_page> operations::list(list_request) { return not_there<job_page>("list jobs"); }
awaitable<change_result> operations::change(change_request) { return not_there<change_result>("change jobs"); }
awaitable<std::vector<bool>> operations::tell(std::vector<note>) {
    return not_there<std::vector<bool>>("keep what handlers tell");
}
awaitable<std::vector<log_line>> operations::logs(job_key) {
    return not_there<std::vector<log_line>>("keep what handlers tell");
}
awaitable<events_page> operations::events(events_request) { return not_there<events_page>("record events"); }
awaitable<std::vector<minute_counts>> operations::history(std::string, wall_time, wall_time) {
    return not_there<std::vector<minute_counts>>("keep a history");
}
awaitable<std::optional<job_info>> operations::wait_for_end(job_key) {
    return not_there<std::optional<job_info>>("wait for the end of a job");
}

} // namespace infra::queue
