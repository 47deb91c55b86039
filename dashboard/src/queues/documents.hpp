#pragma once

// What the API says about queues, jobs, workers and schedules.

#include "failures.hpp"
#include "watch.hpp"

#include <infra/base/json.hpp>
#include <infra/queue/control.hpp>
#include <infra/queue/time_zone.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace infra::dashboard {

/// Milliseconds since 1970, or null.
json::value ms_of(std::optional<wall_time> t);

json::value document_of(const queue_seen& q, wall_time now, std::chrono::milliseconds oldest_limit);
json::value document_of(const queues_seen& all, std::chrono::milliseconds oldest_limit);
json::value document_of(const queue::queue_settings& s);
json::value document_of(const queue::failure_groups& all);
json::value document_of(const queue::child_info& child);
json::value document_of(const queue::log_line& line);

/// As a line of a list.
json::value summary_of(const queue::job_info& job);

/// All of it; of payload and result at most so many bytes each.
json::value document_of(const queue::job_info& job, std::size_t most_of_texts);

/// Workers with what they do: `active` are the jobs that run.
json::array workers_of(const std::vector<queue::worker_info>& all, const std::vector<queue::job_info>& active);

// --- Schedules ----------------------------------------------------------------------------------------------------

/// For so long the pending run is due and nobody has taken it; zero: it is not, or it is so little late that it was not missed.
std::chrono::milliseconds overdue(const queue::cron_job& job, wall_time now) noexcept;

struct schedule_seen {
    queue::cron_job job{};
    bool queue_paused = false;
    std::optional<queue::job_info> run{}; ///< the last one, as far as it is remembered
};

json::value document_of(const schedule_seen& s, wall_time now);

} // namespace infra::dashboard
