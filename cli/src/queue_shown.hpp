#pragma once

/// What the queue knows, for people and for scripts.

#include <infra/base/json.hpp>
#include <infra/queue/control.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

/// What there is to tell of one queue.
struct queue_report {
    queue::queue_counts counts{};
    queue::queue_settings settings{};
    std::optional<wall_time> oldest_waiting{};
    std::vector<queue::minute_counts> last_hour{};
    std::vector<queue::worker_info> workers{};
};

std::string text_of(const std::vector<queue_report>& all, bool colours = false);
std::string text_of(const queue_report& one, wall_time now);
std::string text_of(const std::vector<queue::job_info>& jobs, wall_time now);
std::string text_of(const queue::job_info& job, const queue::children_page& children,
                    const std::vector<queue::log_line>& log);
std::string text_of(const queue::job_event& event);
std::string text_of(const std::vector<queue::cron_job>& all);

json::value document_of(const queue_report& one);
json::value document_of(const queue::job_info& job);
json::value document_of(const std::vector<queue::child_info>& children);
json::value document_of(const std::vector<queue::log_line>& log);
json::value document_of(const queue::job_event& event);
json::value document_of(const queue::cron_job& job);

/// `0 6 * * * Europe/Berlin`, `every 5m`.
std::string text_of(const queue::schedule& when);

} // namespace infra::cli
