#include "instruments.hpp"

#include <utility>

namespace infra::queue {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

const instrument enqueued_total{
    .kind = instrument_kind::counter, .name = "queue_jobs_enqueued_total", .help = "Jobs added by this process."};
const instrument completed_total{
    .kind = instrument_kind::counter, .name = "queue_jobs_completed_total", .help = "Jobs whose handler returned."};
const instrument failed_total{.kind = instrument_kind::counter,
                              .name = "queue_jobs_failed_total",
                              .help = "Jobs given up after their last attempt."};
const instrument retried_total{.kind = instrument_kind::counter,
                               .name = "queue_jobs_retried_total",
                               .help = "Attempts that failed and were followed by another."};
const instrument stalled_total{.kind = instrument_kind::counter,
                               .name = "queue_jobs_stalled_total",
                               .help = "Jobs taken back from a worker that vanished."};
// Until a night's backlog is done.
constexpr double wait_buckets[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5,  1,        5,
                                   10,    30,    60,   300,  900, 3600, 4 * 3600, 24 * 3600};
const instrument wait_seconds{.kind = instrument_kind::histogram,
                              .name = "queue_job_wait_seconds",
                              .help = "How long jobs waited for their start, from when they might have been started.",
                              .buckets = wait_buckets};
const instrument duration_seconds{.kind = instrument_kind::histogram,
                                  .name = "queue_job_duration_seconds",
                                  .help = "How long handlers ran, whatever came of it."};

const instrument waiting_jobs_now{
    .kind = instrument_kind::gauge, .name = "queue_waiting_jobs", .help = "Jobs that wait, at the last look."};
const instrument oldest_waiting_seconds{.kind = instrument_kind::gauge,
                                        .name = "queue_oldest_waiting_seconds",
                                        .help =
                                            "How long the one has waited that has waited longest, at the last look."};

struct all_queues {
    std::mutex mutex;
    std::map<std::string, std::unique_ptr<const instruments>, std::less<>> by_queue; // guarded by mutex
};

} // namespace

instruments::instruments(std::string_view queue)
    : enqueued(enqueued_total, {{"queue", queue}}),
      completed(completed_total, {{"queue", queue}}),
      failed(failed_total, {{"queue", queue}}),
      retried(retried_total, {{"queue", queue}}),
      stalled(stalled_total, {{"queue", queue}}),
      wait(wait_seconds, {{"queue", queue}}),
      duration(duration_seconds, {{"queue", queue}}),
      waiting_jobs(waiting_jobs_now, {{"queue", queue}}),
      oldest_waiting(oldest_waiting_seconds, {{"queue", queue}}) {}

const instruments& instruments_of(std::string_view queue) {
    constexpr std::size_t max_queues = 1000;
    static all_queues& all = *new all_queues; // never destroyed: reported to until the process ends
    const std::scoped_lock lock(all.mutex);
    auto found = all.by_queue.find(queue);
    if (found == all.by_queue.end() && all.by_queue.size() >= max_queues) {
        queue = "other";
        found = all.by_queue.find(queue);
    }
    if (found == all.by_queue.end())
        found = all.by_queue.emplace(queue, std::make_unique<const instruments>(queue)).first;
    return *found->second;
}

} // namespace infra::queue
